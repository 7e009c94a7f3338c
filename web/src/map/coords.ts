// Coordinates as people read and type them: degrees, degrees–minutes–seconds, Gauss–Krüger with and without zone number.

import { forward, inverse, zone3, zoneOf } from './gk';

/** How northing and easting are shown: with the zone number before the easting or without. */
export type GkForm = 'plain' | 'zone';

/** EPSG code of a 3° zone of CGCS2000: 4525 for zone 37 with its number, 4546 without. */
export function epsgOf(zone: number, form: GkForm): number {
  return (form === 'zone' ? 4513 : 4534) + (zone - 25);
}

export function gkText(lon: number, lat: number, zone: number, form: GkForm): { n: string; e: string } {
  const { n, e } = forward(lon, lat, zone3(zone, form === 'zone'));
  return { n: n.toFixed(2), e: e.toFixed(2) };
}

/** Five decimals: about a metre, what a pointer can tell. */
export function degreesText(value: number): string {
  return `${value.toFixed(5)}°`;
}

export function dmsText(value: number): string {
  const tenths = Math.round(Math.abs(value) * 36000);
  const d = Math.floor(tenths / 36000);
  const m = Math.floor((tenths % 36000) / 600);
  const s = (tenths % 600) / 10;
  return `${value < 0 ? '-' : ''}${d}°${String(m).padStart(2, '0')}′${s.toFixed(1).padStart(4, '0')}″`;
}

/** A place somebody typed, and how it was understood. */
export interface Parsed {
  lon: number;
  lat: number;
  as: 'degrees' | 'gk';
  /** The 3° zone used, for `gk`. */
  zone?: number;
}

/** A number with optional minutes, seconds and a letter: 29°1′53.8″N, 29 1 53.8, 111.6985E, 东经111°41′. */
const ANGLE =
  /([NSEW北南东西])?\s*(?:纬|经)?\s*(-?\d+(?:\.\d+)?)\s*(?:[°度]\s*(?:(\d+(?:\.\d+)?)\s*['′’分]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:["″”秒]|''|′′))?)?\s*([NSEW])?/giu;

/**
 * Reads "111.6985, 29.0316", "29.0316N 111.6985E", "29°01′53.8″N 111°41′54.6″E", "3212973.02 568041.26" or
 * "37568041.26, 3212973.02". Order is told from letters, else from size: in China latitude is always below 54
 * and longitude above 73, a northing below 6 000 000 and a prefixed easting above 13 000 000.
 * `homeZone` is the 3° zone for eastings without a number. Null when it is no place.
 */
export function parsePlace(text: string, homeZone: number): Parsed | null {
  const found = [...text.replace(/[，；;、]/g, ',').matchAll(ANGLE)];
  if (found.length !== 2) return null;
  const numbers = found.map((m) => {
    const degrees = Number(m[2]);
    const rest = Number(m[3] ?? 0) / 60 + Number(m[4] ?? 0) / 3600;
    const letter = (m[1] ?? m[5] ?? '').toUpperCase().replace('北', 'N').replace('南', 'S').replace('东', 'E').replace('西', 'W');
    const value = (degrees < 0 ? degrees - rest : degrees + rest) * (letter === 'S' || letter === 'W' ? -1 : 1);
    return { value, letter, big: Math.abs(degrees) > 360 };
  });
  const [a, b] = numbers as [(typeof numbers)[0], (typeof numbers)[0]];
  if (a.big !== b.big) return null;
  return a.big ? parseGk(a, b, homeZone) : parseDegrees(a, b);
}

interface Typed {
  value: number;
  letter: string;
}

function parseDegrees(a: Typed, b: Typed): Parsed | null {
  const aIsLat = 'NS'.includes(a.letter || '-') || 'EW'.includes(b.letter || '-') || (!a.letter && !b.letter && Math.abs(a.value) < 60 && Math.abs(b.value) > 60);
  const [lat, lon] = aIsLat ? [a.value, b.value] : [b.value, a.value];
  return Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? { lon, lat, as: 'degrees' } : null;
}

function parseGk(a: Typed, b: Typed, homeZone: number): Parsed | null {
  // Seven digits is the northing, whichever comes first; both cannot be.
  const northing = (v: number) => v > 1_000_000 && v < 6_000_000;
  if (northing(a.value) === northing(b.value)) return null;
  const [n, e] = northing(a.value) ? [a.value, b.value] : [b.value, a.value];
  const prefix = Math.floor(e / 1_000_000);
  const zone = prefix >= 25 && prefix <= 45 ? prefix : prefix === 0 ? homeZone : 0;
  if (zone === 0) return null;
  const { lon, lat } = inverse(n, e, zone3(zone, prefix > 0));
  // Further than two zones from its meridian it is a mistake in typing, not a place.
  return Math.abs(zoneOf(lon) - zone) <= 2 ? { lon, lat, as: 'gk', zone } : null;
}
