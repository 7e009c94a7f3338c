import { expect, test } from 'vitest';
import { lengthText, metresPerPixel, scaleBar, scaleRatio } from './scale';

test('a pixel at the equator at zoom 0 is 78 km', () => {
  expect(metresPerPixel(0, 0)).toBeCloseTo(78271.51696, 4);
});

test('the bar is a round number and fits', () => {
  for (let zoom = 0; zoom <= 22; zoom += 0.37) {
    const bar = scaleBar(29, zoom, 120);
    expect(bar.px).toBeLessThanOrEqual(120.0001);
    expect(bar.px).toBeGreaterThan(120 / 2.6);
    expect('125').toContain(bar.metres.toExponential()[0]!);
  }
});

test('the ratio has two figures', () => {
  expect(scaleRatio(29.03, 14)).toBe(16000);
  expect(scaleRatio(29.03, 18)).toBe(990);
});

test.each([[5000, '5 km'], [200, '200 m'], [0.5, '50 cm'], [0.2, '20 cm']])('%d m is written %s', (m, text) => {
  expect(lengthText(m)).toBe(text);
});
