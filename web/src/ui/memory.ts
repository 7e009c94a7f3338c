// Small choices that outlive the page. Storage may be forbidden (private windows, kiosks): then nothing is remembered.

type Key = 'lang' | 'style' | 'gk' | 'dms' | 'single-keys' | 'panel' | 'folded';

export function recall(key: Key): string | null {
  try {
    return localStorage.getItem(`ditu.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: Key, value: string): void {
  try {
    localStorage.setItem(`ditu.${key}`, value);
  } catch {
    // See above.
  }
}
