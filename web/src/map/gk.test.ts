// Vectors computed with PROJ for EPSG:4525, 4546, 4547 and 4526.
import { describe, expect, test } from 'vitest';
import type { Zone } from '../api/types';
import { forward, inverse } from './gk';

/** A 3° zone; with `prefix` its number stands before the easting. */
const zone3 = (number: number, prefix: boolean): Zone => ({
  epsg: 0, title: { zh: '', en: '' }, meridian: 3 * number, scale: 1, easting: (prefix ? number * 1_000_000 : 0) + 500_000, northing: 0,
});
const utm = (meridian: number, northing: number): Zone => ({ epsg: 0, title: { zh: '', en: '' }, meridian, scale: 0.9996, easting: 500_000, northing });

const VECTORS = [
  { lat: 29.0316, lon: 111.6985, n37: 3212973.0233, e37: 568041.2647, n38: 3214957.9135, e38: 275780.4655 },
  { lat: 30.05, lon: 110.6, n37: 3325723.4701, e37: 461424.6926, n38: 3330532.7694, e38: 172014.5875 },
  { lat: 28.45, lon: 111.2, n37: 3148328.427, e37: 519590.0669, n38: 3151506.9903, e38: 225679.317 },
  { lat: 29.4114, lon: 112.1711, n37: 3255439.0338, e37: 613660.0541, n38: 3256260.1353, e38: 322488.4856 },
];

describe('Gauss–Krüger on CGCS2000', () => {
  test.each(VECTORS)('agrees with PROJ to 0.1 mm at $lat, $lon', (v) => {
    for (const [zone, n, e] of [[37, v.n37, v.e37], [38, v.n38, v.e38]] as const) {
      for (const prefix of [false, true]) {
        const got = forward(v.lon, v.lat, zone3(zone, prefix));
        expect(Math.abs(got.n - n)).toBeLessThan(1e-4);
        expect(Math.abs(got.e - e - (prefix ? zone * 1e6 : 0))).toBeLessThan(1e-4);
      }
    }
  });

  test.each(VECTORS)('comes back to the same place from $lat, $lon', (v) => {
    for (const zone of [37, 38]) {
      const z = zone3(zone, true);
      const there = forward(v.lon, v.lat, z);
      const back = inverse(there.n, there.e, z);
      expect(Math.abs(back.lon - v.lon)).toBeLessThan(1e-10);
      expect(Math.abs(back.lat - v.lat)).toBeLessThan(1e-10);
    }
  });

});

// PROJ's figures for EPSG:25833 and EPSG:32736.
test.each([
  { at: [14.987, 51.153], zone: utm(15, 0), n: 5666839.37039147, e: 499090.798589571 },
  { at: [31.05, -17.83], zone: utm(33, 10_000_000), n: 8027545.32889739, e: 293338.351258611 },
])('UTM agrees with PROJ to a millimetre at $at', ({ at, zone, n, e }) => {
  const got = forward(at[0]!, at[1]!, zone);
  expect(Math.abs(got.n - n)).toBeLessThan(1e-3);
  expect(Math.abs(got.e - e)).toBeLessThan(1e-3);
  const back = inverse(got.n, got.e, zone);
  expect(Math.abs(back.lon - at[0]!)).toBeLessThan(1e-10);
  expect(Math.abs(back.lat - at[1]!)).toBeLessThan(1e-10);
});
