import { expect, test } from 'vitest';
import { evaluate, Unsupported, type Context } from './expression';

const at = (zoom: number, properties: Record<string, unknown> = {}): Context => ({ zoom, properties, geometry: 'LineString' });

test.each([
  ['#fff', '#fff'],
  [[2, 1], [2, 1]],
  [['get', 'kind'], 'water'],
  [['match', ['get', 'kind'], 'gas', 1, ['rain', 'water'], 2, 3], 2],
  [['match', ['get', 'none'], 'gas', 1, 3], 3],
  [['case', ['has', 'none'], 1, ['==', ['get', 'n'], 4], 2, 3], 2],
  [['step', ['zoom'], 'a', 10, 'b', 14, 'c'], 'b'],
  [['interpolate', ['linear'], ['zoom'], 10, 1, 14, 5], 3],
  [['interpolate', ['exponential', 2], ['zoom'], 10, 0, 12, 3, 14, 5], 3],
  [['interpolate', ['linear'], ['zoom'], 13, 1, 14, 5], 1],
  [['interpolate', ['linear'], ['zoom'], 1, 1, 2, 5], 5],
  [['coalesce', ['get', 'none'], ['get', 'kind']], 'water'],
  [['in', ['get', 'kind'], ['literal', ['gas', 'water']]], true],
  [['all', ['>=', ['get', 'n'], 4], ['!', ['<', ['get', 'none'], 9]]], true],
  [['*', 2, ['+', 1, ['get', 'n']]], 10],
  [['-', 3], -3],
  [['slice', ['get', 'kind'], 0, 2], 'wa'],
  [['slice', ['get', 'kind'], -2], 'er'],
])('%j', (expression, expected) => {
  expect(evaluate(expression, at(12, { kind: 'water', n: 4 }))).toEqual(expected);
});

test('an unknown operator is said, not guessed', () => {
  expect(() => evaluate(['heatmap-density'], at(10))).toThrow(Unsupported);
});
