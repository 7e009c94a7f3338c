// The finished styles against the style specification and the layer definitions: what a designer may have broken.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import type { Collection, Text } from '../src/api/types';
import { legendOf } from '../src/map/legend';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');

interface Definition {
  id: string;
  title: Text;
  geometry: Collection['geometry'];
  display: { zooms: [number, number] };
  field: { name: string; codes?: string; in_tiles?: boolean }[];
  codes: Record<string, { values: { code: string; zh: string; en: string }[] }>;
}
const { themes } = parse(read('layers/basemap.toml')) as { themes: string[] };
const definitions = new Map(
  themes.flatMap((theme) => {
    const file = parse(read(`layers/${theme}.toml`)) as unknown as { layer: Definition[]; codes?: Definition['codes'] };
    return file.layer.map((layer) => [layer.id, { ...layer, codes: file.codes ?? {} }] as const);
  }),
);
const sprites = new Set(readdirSync(`${root}styles/sprites`).filter((f) => f.endsWith('.svg')).map((f) => f.slice(0, -4)));
const styles = readdirSync(`${root}styles`, { withFileTypes: true })
  .filter((e) => e.isDirectory() && e.name !== 'sprites')
  .map((e) => [e.name, JSON.parse(read(`styles/${e.name}/style.json`)) as StyleSpecification] as const);

/** Every array in a JSON value whose first item is one of these names. */
function calls(node: unknown, names: string[]): unknown[][] {
  if (!Array.isArray(node)) return node && typeof node === 'object' ? Object.values(node).flatMap((v) => calls(v, names)) : [];
  // A literal's content is data, not calls.
  if (node[0] === 'literal') return [];
  return [...(names.includes(node[0] as string) ? [node] : []), ...node.flatMap((v) => calls(v, names))];
}

const layoutOf = (layer: LayerSpecification) => ('layout' in layer ? ((layer.layout ?? {}) as Record<string, unknown>) : {});
const paintOf = (layer: LayerSpecification) => ('paint' in layer ? ((layer.paint ?? {}) as Record<string, unknown>) : {});

/** Icon names that an expression can give: its results, not the labels it matches on. */
function results(node: unknown): string[] {
  if (typeof node === 'string') return node === '' ? [] : [node];
  if (!Array.isArray(node)) return [];
  const [name, ...args] = node as [string, ...unknown[]];
  if (name === 'match') return [...args.slice(1, -1).filter((_, i) => i % 2 === 1), args.at(-1)].flatMap(results);
  if (name === 'case') return [...args.slice(0, -1).filter((_, i) => i % 2 === 1), args.at(-1)].flatMap(results);
  if (name === 'step') return args.slice(1).filter((_, i) => i % 2 === 0).flatMap(results);
  if (name === 'coalesce' || name === 'image') return args.flatMap(results);
  return [];
}

test('there are light and dark', () => {
  expect(styles.map(([name]) => name)).toEqual(expect.arrayContaining(['light', 'dark']));
});

describe.each(styles)('%s', (_, style) => {
  test('is valid by the style specification', () => {
    // The server turns paths into addresses; the specification wants addresses.
    const served = JSON.parse(JSON.stringify(style).replaceAll(/"\/(tiles|fonts|sprites|terrain)\//g, '"http://host/$1/')) as never;
    expect(validateStyleMin(served).map((e) => e.message)).toEqual([]);
  });

  const vector = style.layers.filter((l): l is LayerSpecification & { 'source-layer': string } => 'source-layer' in l && !!l['source-layer']);

  test.each(vector.map((l) => [l.id, l] as const))('%s draws fields that tiles carry, within the zooms of its layer', (_, layer) => {
    const definition = definitions.get(layer['source-layer']);
    expect(definition, layer['source-layer']).toBeDefined();
    const carried = definition!.field.filter((f) => f.in_tiles !== false).map((f) => f.name);
    const used = calls([layoutOf(layer), paintOf(layer), 'filter' in layer ? layer.filter : null], ['get', 'has']).map((c) => c[1]);
    expect(carried).toEqual(expect.arrayContaining([...new Set(used)]));
    const [low] = definition!.display.zooms;
    // Upwards tiles are overzoomed, downwards there is nothing: the style would promise what no tile holds.
    expect(layer.minzoom ?? low).toBeGreaterThanOrEqual(low);
  });

  test('every label has a fallback, for views that hide the field', () => {
    for (const layer of style.layers) {
      const text = layoutOf(layer)['text-field'];
      if (text === undefined) continue;
      const guarded = calls(text, ['coalesce']).flatMap((c) => calls(c, ['get']));
      const filter = 'filter' in layer ? calls(layer.filter, ['has']).map((c) => c[1]) : [];
      for (const get of calls(text, ['get'])) expect(guarded.some((g) => g[1] === get[1]) || filter.includes(get[1]), `${layer.id}: ${String(get[1])}`).toBe(true);
    }
  });

  test('every icon and pattern is in the sprite', () => {
    expect(style.layers.flatMap((l) => results(layoutOf(l)['icon-image'])).length).toBeGreaterThan(10);
    for (const layer of style.layers) {
      const all = { ...layoutOf(layer), ...paintOf(layer) };
      for (const key of ['icon-image', 'fill-pattern', 'line-pattern', 'background-pattern']) for (const name of results(all[key])) expect([...sprites], `${layer.id}: ${name}`).toContain(name);
    }
  });

  test('every layer that is drawn has a legend, pipes one line a kind', () => {
    for (const definition of definitions.values()) {
      const drawn = vector.some((l) => l['source-layer'] === definition.id);
      const fields = definition.field.map((f) => ({ name: f.name, title: { zh: '', en: '' }, type: 'text', codes: f.codes ? definition.codes[f.codes]!.values : null }));
      const collection = { id: definition.id, geometry: definition.geometry, fields } as unknown as Collection;
      expect(legendOf(collection, style).length > 0, definition.id).toBe(drawn || definition.geometry === 'raster');
      if (definition.id === 'pipeline.line') expect(legendOf(collection, style).map((e) => e.label?.zh)).toEqual(expect.arrayContaining(['给水', '燃气', '电力', '热力']));
    }
  });
});
