// Single-key shortcuts: letters only while no field has the focus, and the reader can turn them off (WCAG 2.1.4).

import { signal } from '@preact/signals';
import { recall, remember } from './memory';

export const singleKeys = signal(recall('single-keys') !== 'off');

export function setSingleKeys(on: boolean): void {
  singleKeys.value = on;
  remember('single-keys', on ? 'on' : 'off');
}

/** Key → action. Escape works always, everything else only outside of fields and open dialogs. */
export type Shortcuts = Record<string, () => void>;

/** Listens on the document. Returns the way to stop. */
export function listen(shortcuts: Shortcuts): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target as HTMLElement | null;
    const typing = target?.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') != null;
    const action = shortcuts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    if (event.key !== 'Escape' && (typing || !singleKeys.value || document.querySelector('dialog[open]'))) return;
    event.preventDefault();
    action();
  };
  document.addEventListener('keydown', heard);
  return () => document.removeEventListener('keydown', heard);
}
