// The legend, derived: for each code of the field that a style distinguishes by, what the style draws.
// So a style edited in any editor changes the legend with it, and there is no second list to keep true.

import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Code, Collection, Text } from '../api/types';
import { evaluate, type Context } from './expression';

/** One stroke, bottom first. `dash` is in multiples of the width, as in the style. */
export interface Stroke {
  color: string;
  width: number;
  opacity: number;
  dash?: number[];
}

/** What a legend box shows. */
export interface Swatch {
  fill?: { color: string; opacity: number; outline?: string };
  pattern?: string;
  /** Icon repeated along a line: teeth of a cliff, ticks of a bank. */
  linePattern?: string;
  strokes: Stroke[];
  circle?: { color: string; radius: number; stroke: string; strokeWidth: number; opacity: number };
  icon?: string;
  text?: { color: string; halo: string };
  hillshade?: boolean;
}

/** A line of the legend. `label` null means the layer as a whole; `minzoom` is where it starts to be drawn. */
export interface LegendEntry {
  label: Text | null;
  /** The field that tells the classes apart and its codes in this class; null for the layer as a whole. */
  field: string | null;
  codes: string[];
  swatch: Swatch;
  minzoom: number;
}

/** Zooms tried in turn for the picture: street scale first, where most classes are drawn in full. */
const ZOOMS = [16, 17, 18, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 19, 20];
const GEOMETRY = { point: 'Point', line: 'LineString', polygon: 'Polygon', raster: 'Polygon' } as const;

type Any = Record<string, unknown>;
const paintOf = (layer: LayerSpecification): Any => ('paint' in layer && (layer.paint as Any)) || {};
const layoutOf = (layer: LayerSpecification): Any => ('layout' in layer && (layer.layout as Any)) || {};
const filterOf = (layer: LayerSpecification): unknown => ('filter' in layer ? layer.filter : undefined);

/** The style's layers that draw a collection, bottom first. */
export function layersOf(collection: Collection, style: StyleSpecification): LayerSpecification[] {
  return style.layers.filter((layer) => belongsTo(layer, collection, style));
}

/** Whether a style layer draws a collection. Rasters have no source-layer: theirs is known by its source's type. */
export function belongsTo(layer: LayerSpecification, collection: Collection, style: StyleSpecification): boolean {
  if ('source-layer' in layer && layer['source-layer']) return layer['source-layer'] === collection.id;
  if (collection.geometry !== 'raster' || !('source' in layer)) return false;
  return style.sources[layer.source as string]?.type === 'raster-dem';
}

/** Derives the legend of one layer. Empty when the style does not draw it. */
export function legendOf(collection: Collection, style: StyleSpecification): LegendEntry[] {
  const layers = layersOf(collection, style).filter((l) => layoutOf(l)['visibility'] !== 'none');
  if (layers.length === 0) return [];
  if (layers.some((l) => l.type === 'hillshade' || l.type === 'color-relief')) {
    return [{ label: null, field: null, codes: [], swatch: { strokes: [], hillshade: true }, minzoom: minzoomOf(layers) }];
  }
  const geometry = GEOMETRY[collection.geometry];
  const text = JSON.stringify(layers.map((l) => [paintOf(l), layoutOf(l)['icon-image'], filterOf(l)]));
  let best: LegendEntry[] = [];
  for (const field of collection.fields) {
    if (!field.codes?.length || !text.includes(`["get","${field.name}"]`)) continue;
    const entries = byCode(layers, field.name, field.codes, geometry);
    if (entries.length > best.length) best = entries;
  }
  if (best.length > 1) return best;
  const swatch = best[0]?.swatch ?? draw(layers, {}, geometry)?.swatch ?? draw(layers, {}, geometry, true)?.swatch;
  return swatch ? [{ label: null, field: null, codes: [], swatch, minzoom: minzoomOf(layers) }] : [];
}

function minzoomOf(layers: LayerSpecification[]): number {
  return Math.min(...layers.map((l) => l.minzoom ?? 0));
}

/** One entry a distinct picture; codes that look alike share it. */
function byCode(layers: LayerSpecification[], field: string, codes: Code[], geometry: Context['geometry']): LegendEntry[] {
  const entries = new Map<string, { entry: LegendEntry; titles: Text[] }>();
  for (const code of codes) {
    const drawn = draw(layers, { [field]: code.code }, geometry);
    if (!drawn) continue;
    const picture = JSON.stringify(drawn.swatch);
    const known = entries.get(picture);
    if (known) {
      known.titles.push(code);
      known.entry.codes.push(code.code);
      known.entry.minzoom = Math.min(known.entry.minzoom, drawn.minzoom);
    } else {
      entries.set(picture, { entry: { label: null, field, codes: [code.code], ...drawn }, titles: [code] });
    }
  }
  return [...entries.values()].map(({ entry, titles }) => ({ ...entry, label: joined(titles) }));
}

/** Up to three titles are written out; more are "… and others". */
function joined(titles: Text[]): Text {
  const some = titles.slice(0, 3);
  const more = titles.length > some.length;
  return {
    zh: some.map((t) => t.zh).join('、') + (more ? '等' : ''),
    en: some.map((t) => t.en).join(', ') + (more ? ' …' : ''),
  };
}

/** The picture of a feature with these properties at the first zoom where anything of it is drawn. */
function draw(layers: LayerSpecification[], properties: Any, geometry: Context['geometry'], anyFilter = false) {
  const shown = (layer: LayerSpecification, zoom: number) => {
    if (zoom < (layer.minzoom ?? 0) || zoom >= (layer.maxzoom ?? 25)) return false;
    const filter = filterOf(layer);
    return anyFilter || filter == null || attempt(() => Boolean(evaluate(filter, { zoom, properties, geometry })), false);
  };
  let words: Swatch | null = null;
  for (const zoom of ZOOMS) {
    const swatch = compose(layers.filter((l) => shown(l, zoom)), { zoom, properties, geometry });
    if (!swatch) continue;
    // Text alone is a last resort: perhaps the feature's body is drawn at another zoom.
    const bare = !swatch.fill && !swatch.pattern && !swatch.linePattern && !swatch.circle && !swatch.icon && swatch.strokes.length === 0;
    if (bare) words ??= swatch;
    else return { swatch, minzoom: firstZoom(layers, shown) };
  }
  return words && { swatch: words, minzoom: firstZoom(layers, shown) };
}

function firstZoom(layers: LayerSpecification[], shown: (l: LayerSpecification, zoom: number) => boolean): number {
  for (let zoom = 0; zoom <= 22; zoom++) if (layers.some((l) => shown(l, zoom + 0.999))) return zoom;
  return 0;
}

function attempt<T>(f: () => T, otherwise: T): T {
  try {
    return f();
  } catch {
    return otherwise;
  }
}

/** Lays the drawn parts of several style layers over each other. Null when nothing would be seen. */
function compose(layers: LayerSpecification[], c: Context): Swatch | null {
  const swatch: Swatch = { strokes: [] };
  let seen = false;
  for (const layer of layers) {
    const paint = paintOf(layer);
    const layout = layoutOf(layer);
    const value = <T>(key: string, otherwise: T): T => {
      const from = key in paint ? paint : layout;
      return attempt(() => (evaluate(from[key], c) ?? otherwise) as T, otherwise);
    };
    if (layer.type === 'fill' || layer.type === 'fill-extrusion') {
      const opacity = value<number>(`${layer.type}-opacity`, 1);
      const pattern = value<string>(`${layer.type}-pattern`, '');
      if (opacity === 0) continue;
      if (pattern) swatch.pattern = pattern;
      else {
        const outline = value<string>('fill-outline-color', '');
        swatch.fill = { color: value(`${layer.type}-color`, '#000'), opacity, ...(outline ? { outline } : {}) };
      }
    } else if (layer.type === 'line') {
      const width = value<number>('line-width', 1);
      const opacity = value<number>('line-opacity', 1);
      if (width === 0 || opacity === 0) continue;
      const teeth = value<string>('line-pattern', '');
      if (teeth) {
        swatch.linePattern = teeth;
        seen = true;
        continue;
      }
      const dash = value<number[] | null>('line-dasharray', null);
      // A casing by line-gap-width is a wider line below.
      const gap = value<number>('line-gap-width', 0);
      const stroke = { color: value('line-color', '#000'), width: gap ? gap + 2 * width : width, opacity };
      swatch.strokes.push({ ...stroke, ...(dash ? { dash } : {}) });
    } else if (layer.type === 'circle') {
      const radius = value<number>('circle-radius', 5);
      const opacity = value<number>('circle-opacity', 1);
      if (radius === 0 || opacity === 0) continue;
      swatch.circle = {
        color: value('circle-color', '#000'),
        radius,
        stroke: value('circle-stroke-color', '#000'),
        strokeWidth: value('circle-stroke-width', 0),
        opacity,
      };
    } else if (layer.type === 'symbol') {
      const icon = value<string>('icon-image', '');
      if (icon) swatch.icon = icon;
      else if ('text-field' in layout) swatch.text = { color: value('text-color', '#000'), halo: value('text-halo-color', 'transparent') };
      else continue;
    } else {
      continue;
    }
    seen = true;
  }
  return seen ? swatch : null;
}
