// Transverse Mercator (Gauss–Krüger, UTM), both ways: the read-out under the pointer and "go to" speak it. The ellipsoid is
// that of CGCS2000, which is GRS 80's; on that of WGS 84 a northing differs by a tenth of a millimetre.
// Krüger's series in the third flattening to n^6 (Karney 2011, eqs. 35–36): well below 0.1 mm in a 6° zone.

import type { Zone } from '../api/types';

const A = 6378137;
const F = 1 / 298.257222101;
const N = F / (2 - F);
const E = Math.sqrt(F * (2 - F));
/** Radius of the sphere with the same meridian length. */
const RADIUS = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64 + N ** 6 / 256);

const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4 - (127 / 288) * N ** 5 + (7891 / 37800) * N ** 6,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4 + (281 / 630) * N ** 5 - (1983433 / 1935360) * N ** 6,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4 + (15061 / 26880) * N ** 5 + (167603 / 181440) * N ** 6,
  (49561 / 161280) * N ** 4 - (179 / 168) * N ** 5 + (6601661 / 7257600) * N ** 6,
  (34729 / 80640) * N ** 5 - (3418889 / 1995840) * N ** 6,
  (212378941 / 319334400) * N ** 6,
];
const BETA = [
  N / 2 - (2 / 3) * N ** 2 + (37 / 96) * N ** 3 - (1 / 360) * N ** 4 - (81 / 512) * N ** 5 + (96199 / 604800) * N ** 6,
  (1 / 48) * N ** 2 + (1 / 15) * N ** 3 - (437 / 1440) * N ** 4 + (46 / 105) * N ** 5 - (1118711 / 3870720) * N ** 6,
  (17 / 480) * N ** 3 - (37 / 840) * N ** 4 - (209 / 4480) * N ** 5 + (5569 / 90720) * N ** 6,
  (4397 / 161280) * N ** 4 - (11 / 504) * N ** 5 - (830251 / 7257600) * N ** 6,
  (4583 / 161280) * N ** 5 - (108847 / 3991680) * N ** 6,
  (20648693 / 638668800) * N ** 6,
];

const RAD = Math.PI / 180;

/** Longitude, latitude in degrees → northing and easting in metres. */
export function forward(lon: number, lat: number, zone: Zone): { n: number; e: number } {
  const sinLat = Math.sin(lat * RAD);
  const dLon = (lon - zone.meridian) * RAD;
  const t = Math.sinh(Math.atanh(sinLat) - E * Math.atanh(E * sinLat));
  const xi = Math.atan2(t, Math.cos(dLon));
  const eta = Math.asinh(Math.sin(dLon) / Math.hypot(t, Math.cos(dLon)));
  let x = xi;
  let y = eta;
  ALPHA.forEach((a, i) => {
    const k = 2 * (i + 1);
    x += a * Math.sin(k * xi) * Math.cosh(k * eta);
    y += a * Math.cos(k * xi) * Math.sinh(k * eta);
  });
  return { n: zone.scale * RADIUS * x + zone.northing, e: zone.scale * RADIUS * y + zone.easting };
}

/** Northing and easting in metres → longitude, latitude in degrees. */
export function inverse(n: number, e: number, zone: Zone): { lon: number; lat: number } {
  const x = (n - zone.northing) / (zone.scale * RADIUS);
  const y = (e - zone.easting) / (zone.scale * RADIUS);
  let xi = x;
  let eta = y;
  BETA.forEach((b, i) => {
    const k = 2 * (i + 1);
    xi -= b * Math.sin(k * x) * Math.cosh(k * y);
    eta -= b * Math.cos(k * x) * Math.sinh(k * y);
  });
  const t = Math.sin(xi) / Math.hypot(Math.sinh(eta), Math.cos(xi));
  // Newton from the conformal to the geographic latitude; three steps reach the last bit.
  let tau = t;
  for (let i = 0; i < 4; i++) {
    const sigma = Math.sinh(E * Math.atanh((E * tau) / Math.hypot(1, tau)));
    const ti = tau * Math.hypot(1, sigma) - sigma * Math.hypot(1, tau);
    tau += ((t - ti) / Math.hypot(1, ti)) * ((1 + (1 - E * E) * tau * tau) / ((1 - E * E) * Math.hypot(1, tau)));
  }
  return { lon: zone.meridian + Math.atan2(Math.sinh(eta), Math.cos(xi)) / RAD, lat: Math.atan(tau) / RAD };
}
