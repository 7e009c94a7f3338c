import { validateStyleMin } from '@maplibre/maplibre-gl-style-spec';
import type { StyleSpecification } from 'maplibre-gl';
import { expect, test } from 'vitest';
import type { Collection } from '../api/types';
import { dress, HIGHLIGHT, NOTHING } from './dress';

const style: StyleSpecification = {
  version: 8,
  sources: { ditu: { type: 'vector', url: 'http://x/tiles/basemap' } },
  layers: [
    { id: 'ground', type: 'background' },
    { id: 'water', type: 'fill', source: 'ditu', 'source-layer': 'water.area' },
    { id: 'road', type: 'line', source: 'ditu', 'source-layer': 'transport.road', layout: { 'line-cap': 'round' } },
  ],
};
const collection = (id: string) => ({ id, geometry: 'line', count: 1 }) as Collection;

test('hidden layers are off, others untouched, the highlight is on top, the style stays valid', () => {
  const dressed = dress(style, { collections: [collection('water.area'), collection('transport.road')], hidden: new Set(['transport.road']), highlight: NOTHING, overlay: NOTHING, roman: false });
  expect(dressed.layers.slice(0, 2)).toEqual(style.layers.slice(0, 2));
  expect(dressed.layers[2]).toMatchObject({ layout: { 'line-cap': 'round', visibility: 'none' } });
  expect(dressed.layers.at(-1)).toMatchObject({ source: HIGHLIGHT });
  expect(validateStyleMin(dressed as never)).toEqual([]);
  expect(style.layers).toHaveLength(3);
});

test('readers of English get romanised names where the style knows them', () => {
  const field = ['coalesce', ['get', 'name'], ['get', 'roman'], ''];
  const labelled = { ...style, layers: [{ id: 'p', type: 'symbol', source: 'ditu', 'source-layer': 'placename.place', layout: { 'text-field': field } }] } as StyleSpecification;
  const dressing = { collections: [], hidden: new Set<string>(), highlight: NOTHING, overlay: NOTHING };
  const fieldOf = (s: StyleSpecification) => (s.layers[0] as { layout?: Record<string, unknown> }).layout?.['text-field'];
  expect(fieldOf(dress(labelled, { ...dressing, roman: true }))).toEqual(['coalesce', ['get', 'roman'], ['get', 'name'], '']);
  expect(fieldOf(dress(labelled, { ...dressing, roman: false }))).toEqual(field);
});

test('relief is asked for only where there is elevation, and not at all without', () => {
  const relief: StyleSpecification = { version: 8, sources: { terrain: { type: 'raster-dem', tiles: ['http://x/{z}'] } }, layers: [{ id: 'h', type: 'hillshade', source: 'terrain' }] };
  const dem = { id: 'terrain.dem', geometry: 'raster', count: 2, extent: [110, 28, 112, 30] } as Collection;
  const dressing = { hidden: new Set<string>(), highlight: NOTHING, overlay: NOTHING, roman: false };
  expect(dress(relief, { ...dressing, collections: [dem] }).sources['terrain']).toMatchObject({ bounds: [110, 28, 112, 30] });
  expect(dress(relief, { ...dressing, collections: [{ ...dem, count: 0, extent: null }] }).layers[0]).toMatchObject({ layout: { visibility: 'none' } });
});
