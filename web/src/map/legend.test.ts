import type { StyleSpecification } from 'maplibre-gl';
import { expect, test } from 'vitest';
import type { Collection } from '../api/types';
import { legendOf } from './legend';

const title = { zh: '', en: '' };
const collection = (id: string, geometry: Collection['geometry'], fields: Collection['fields'] = []): Collection => ({
  id, title, theme: { id: 'x', title }, geometry, sharing: 'open', minzoom: 0, maxzoom: 22, count: 1, extent: null, fields,
});
const codes = [
  { code: 'JS', zh: '给水', en: 'Water' },
  { code: 'YS', zh: '雨水', en: 'Storm' },
  { code: 'WS', zh: '污水', en: 'Sewage' },
];
const pipes = collection('pipeline.line', 'line', [{ name: 'kind', title, type: 'text', codes }]);

const style = (layers: StyleSpecification['layers']): StyleSpecification => ({
  version: 8,
  sources: { ditu: { type: 'vector', url: 'x' }, terrain: { type: 'raster-dem', url: 'y' } },
  layers,
});

test('each code gets the colour that the style gives it, alike codes share a line', () => {
  const entries = legendOf(pipes, style([{
    id: 'pipe', type: 'line', source: 'ditu', 'source-layer': 'pipeline.line', minzoom: 16,
    paint: { 'line-color': ['match', ['get', 'kind'], 'JS', '#00f', '#840'], 'line-width': 2 },
  }]));
  expect(entries).toEqual([
    { label: { zh: '给水', en: 'Water' }, field: 'kind', codes: ['JS'], minzoom: 16, swatch: { strokes: [{ color: '#00f', width: 2, opacity: 1 }] } },
    { label: { zh: '雨水、污水', en: 'Storm, Sewage' }, field: 'kind', codes: ['YS', 'WS'], minzoom: 16, swatch: { strokes: [{ color: '#840', width: 2, opacity: 1 }] } },
  ]);
});

test('casing lies below the line and codes start at the zoom their filter says', () => {
  const width = ['interpolate', ['linear'], ['zoom'], 10, 1, 16, 4] as const;
  const entries = legendOf(pipes, style([
    { id: 'c', type: 'line', source: 'ditu', 'source-layer': 'pipeline.line', paint: { 'line-color': '#333', 'line-width': 6 } },
    {
      id: 'l', type: 'line', source: 'ditu', 'source-layer': 'pipeline.line', minzoom: 12,
      filter: ['in', ['get', 'kind'], ['literal', ['JS', 'YS']]],
      paint: { 'line-color': '#eee', 'line-width': width as never },
    },
  ]));
  expect(entries.map((e) => [e.codes, e.swatch.strokes.map((s) => s.color)])).toEqual([
    [['JS', 'YS'], ['#333', '#eee']],
    [['WS'], ['#333']],
  ]);
});

test('a layer that is drawn one way has one line without a label', () => {
  const water = collection('water.area', 'polygon');
  const entries = legendOf(water, style([
    { id: 'w', type: 'fill', source: 'ditu', 'source-layer': 'water.area', paint: { 'fill-color': '#9cf' } },
    { id: 't', type: 'symbol', source: 'ditu', 'source-layer': 'water.area', layout: { 'text-field': ['get', 'name'] } },
  ]));
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ label: null, swatch: { fill: { color: '#9cf' } } });
});

test('a raster layer is known by its elevation source', () => {
  const dem = collection('terrain.dem', 'raster');
  expect(legendOf(dem, style([{ id: 'h', type: 'hillshade', source: 'terrain' }]))[0]?.swatch.hillshade).toBe(true);
  expect(legendOf(pipes, style([{ id: 'h', type: 'hillshade', source: 'terrain' }]))).toEqual([]);
});

test('a class seen only at a far zoom still has its picture', () => {
  const entries = legendOf(pipes, style([
    { id: 'far', type: 'line', source: 'ditu', 'source-layer': 'pipeline.line', maxzoom: 9, paint: { 'line-color': '#123' } },
  ]));
  expect(entries[0]?.swatch.strokes[0]?.color).toBe('#123');
});

test('a filter on a field that has no codes does not lose the layer', () => {
  const entries = legendOf(pipes, style([{
    id: 'l', type: 'line', source: 'ditu', 'source-layer': 'pipeline.line', filter: ['>', ['get', 'diameter'], 100], paint: { 'line-color': '#123' },
  }]));
  expect(entries).toHaveLength(1);
});

test('an operator the legend does not know costs the property, not the legend', () => {
  const entries = legendOf(pipes, style([{
    id: 'l', type: 'line', source: 'ditu', 'source-layer': 'pipeline.line', paint: { 'line-color': ['rgb', 1, 2, 3], 'line-width': 3 },
  }]));
  expect(entries[0]?.swatch.strokes[0]).toEqual({ color: '#000', width: 3, opacity: 1 });
});
