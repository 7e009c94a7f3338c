import { expect, test } from 'vitest';
import type { Hit } from '../api/types';
import { boundsOf, byReach } from './bounds';

test('the box of nested geometries, and none for an empty one', () => {
  const line = { type: 'LineString' as const, coordinates: [[1, 5], [3, 2]] };
  expect(boundsOf(line)).toEqual([1, 2, 3, 5]);
  expect(boundsOf({ type: 'MultiPolygon', coordinates: [[[[0, 0], [4, 0], [4, 9], [0, 0]]]] })).toEqual([0, 0, 4, 9]);
  expect(boundsOf({ type: 'GeometryCollection', geometries: [line, { type: 'Point', coordinates: [9, 9] }] })).toEqual([1, 2, 9, 9]);
  expect(boundsOf({ type: 'MultiPoint', coordinates: [] })).toBeNull();
});

test('a manhole comes before the house, the house before the province', () => {
  const square = (side: number) => ({ type: 'Polygon' as const, coordinates: [[[0, 0], [side, 0], [side, side], [0, side], [0, 0]]] });
  const hit = (id: number, geometry: Hit['geometry'], distance_m: number): Hit => ({ layer: 'x', title: { zh: '', en: '' }, id, distance_m, fields: [], geometry });
  const hits = [hit(1, square(9), 0), hit(2, square(1), 0), hit(3, { type: 'LineString', coordinates: [[0, 0], [1, 1]] }, 2), hit(4, { type: 'Point', coordinates: [0, 0] }, 1)];
  expect(byReach(hits).map((h) => h.id)).toEqual([4, 3, 2, 1]);
});
