// A style as served → the style as shown: hidden layers off, the highlight on top. Pure, so switching day and night is one call.

import type { GeoJSONSourceSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { Collection } from '../api/types';
import { layersOf } from './legend';

/** Source of the identified feature's geometry. */
export const HIGHLIGHT = 'viewer-highlight';
type Data = GeoJSONSourceSpecification['data'];

/** Colour that stands out from both base maps and from every pipe colour. */
const MARK = '#ff7a00';

export const NOTHING: Data = { type: 'FeatureCollection', features: [] };

/** Source of what a desk lays over the map; each feature carries its `color`. */
export const OVERLAY = 'desk-overlay';

const overlayLayers: LayerSpecification[] = [
  { id: `${OVERLAY}-fill`, type: 'fill', source: OVERLAY, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': ['get', 'color'], 'fill-opacity': 0.25 } },
  { id: `${OVERLAY}-line`, type: 'line', source: OVERLAY, filter: ['!=', ['geometry-type'], 'Point'], layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': ['get', 'color'], 'line-width': 2.5 } },
  { id: `${OVERLAY}-point`, type: 'circle', source: OVERLAY, filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, 2.5, 14, 5], 'circle-color': ['get', 'color'], 'circle-stroke-color': '#fff', 'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 9, 0.3, 14, 1.2] } },
];

const highlightLayers: LayerSpecification[] = [
  { id: `${HIGHLIGHT}-fill`, type: 'fill', source: HIGHLIGHT, filter: ['all', ['==', ['geometry-type'], 'Polygon'], ['!', ['get', 'wide']]], paint: { 'fill-color': MARK, 'fill-opacity': 0.18 } },
  { id: `${HIGHLIGHT}-halo`, type: 'line', source: HIGHLIGHT, filter: ['!=', ['geometry-type'], 'Point'], layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': '#fff', 'line-width': 7, 'line-opacity': 0.75 } },
  { id: `${HIGHLIGHT}-line`, type: 'line', source: HIGHLIGHT, filter: ['!=', ['geometry-type'], 'Point'], layout: { 'line-join': 'round', 'line-cap': 'round' }, paint: { 'line-color': MARK, 'line-width': 3 } },
  { id: `${HIGHLIGHT}-point`, type: 'circle', source: HIGHLIGHT, filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-radius': 9, 'circle-color': MARK, 'circle-opacity': 0.25, 'circle-stroke-color': MARK, 'circle-stroke-width': 3 } },
];

/** Ids of the style layers that draw hidden collections, and empty ones: no tile is asked for nothing. */
export function hiddenLayers(style: StyleSpecification, collections: Collection[], hidden: ReadonlySet<string>): Set<string> {
  const ids = collections.filter((c) => hidden.has(c.id) || c.count === 0).flatMap((c) => layersOf(c, style).map((l) => l.id));
  return new Set(ids);
}

/** A label that falls back to the romanised name takes it first, for readers of English; others stay Chinese. */
function romanFirst(field: unknown): unknown {
  if (!Array.isArray(field)) return field;
  if (field[0] !== 'coalesce') return field.map(romanFirst);
  const isRoman = (part: unknown) => Array.isArray(part) && part[0] === 'get' && part[1] === 'roman';
  const rest = field.slice(1);
  return ['coalesce', ...rest.filter(isRoman), ...rest.filter((part) => !isRoman(part))];
}

export interface Dressing {
  collections: Collection[];
  hidden: ReadonlySet<string>;
  /** Kept across a switch of styles. */
  highlight: Data;
  overlay: Data;
  roman: boolean;
}

/** The style to hand to the map. */
export function dress(style: StyleSpecification, { collections, hidden, highlight, overlay, roman }: Dressing): StyleSpecification {
  const off = hiddenLayers(style, collections, hidden);
  const layers = style.layers.map((layer) => {
    const changes: Record<string, unknown> = {};
    if (off.has(layer.id)) changes['visibility'] = 'none';
    if (roman && layer.type === 'symbol' && layer.layout?.['text-field']) changes['text-field'] = romanFirst(layer.layout['text-field']);
    if (Object.keys(changes).length === 0) return layer;
    return { ...layer, layout: { ...('layout' in layer ? layer.layout : {}), ...changes } } as LayerSpecification;
  });
  // Elevation tiles exist only around the elevation data; asking beyond fills the log with refusals.
  const relief = collections.find((c) => c.geometry === 'raster')?.extent;
  const sources = Object.entries(style.sources).map(([id, source]) => [id, source.type === 'raster-dem' && relief ? { ...source, bounds: relief } : source]);
  return {
    ...style,
    sources: { ...Object.fromEntries(sources), [OVERLAY]: { type: 'geojson', data: overlay }, [HIGHLIGHT]: { type: 'geojson', data: highlight } },
    layers: [...layers, ...overlayLayers, ...highlightLayers],
  };
}
