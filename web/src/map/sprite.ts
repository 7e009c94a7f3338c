// The style's icons as pictures of their own, for the legend: cut out of the sprite sheet once per style.

export interface IconPicture {
  url: string;
  width: number;
  height: number;
}

interface Cell {
  x: number;
  y: number;
  width: number;
  height: number;
  pixelRatio: number;
}

/** Loads a sprite sheet and cuts it. An unreachable sheet gives no icons rather than no legend. */
export async function loadIcons(sprite: unknown, signal?: AbortSignal): Promise<Map<string, IconPicture>> {
  const icons = new Map<string, IconPicture>();
  if (typeof sprite !== 'string') return icons;
  try {
    const base = `${sprite}${devicePixelRatio > 1 ? '@2x' : ''}`;
    const [cells, sheet] = await Promise.all([
      fetch(`${base}.json`, { signal: signal ?? null }).then((r) => r.json() as Promise<Record<string, Cell>>),
      fetch(`${base}.png`, { signal: signal ?? null }).then((r) => r.blob()).then(createImageBitmap),
    ]);
    for (const [name, cell] of Object.entries(cells)) {
      const canvas = Object.assign(document.createElement('canvas'), { width: cell.width, height: cell.height });
      canvas.getContext('2d')?.drawImage(sheet, cell.x, cell.y, cell.width, cell.height, 0, 0, cell.width, cell.height);
      icons.set(name, { url: canvas.toDataURL(), width: cell.width / cell.pixelRatio, height: cell.height / cell.pixelRatio });
    }
  } catch {
    icons.clear();
  }
  return icons;
}
