// Coordinates as people read and type them: degrees, degrees–minutes–seconds, northing and easting of the city's zones.

import type { City, Zone } from '../api/types';
import { forward, inverse } from './gk';

/** Northing and easting in a zone, to the centimetre. */
export function planeText(lon: number, lat: number, zone: Zone): { n: string; e: string } {
  const { n, e } = forward(lon, lat, zone);
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
  as: 'degrees' | 'plane';
  /** The zone used, for `plane`. */
  zone?: Zone;
}

/** The places that the map can show around a city, for what is typed without letters. */
type Home = Pick<City, 'box' | 'zones'>;

/** A number with optional minutes, seconds and a letter: 29°1′53.8″N, 29 1 53.8, 111.6985E, 东经111°41′. */
const ANGLE =
  /([NSEW北南东西])?\s*(?:纬|经)?\s*(-?\d+(?:\.\d+)?)\s*(?:[°度]\s*(?:(\d+(?:\.\d+)?)\s*['′’分]\s*)?(?:(\d+(?:\.\d+)?)\s*(?:["″”秒]|''|′′))?)?\s*([NSEW])?/giu;

/**
 * Reads "111.6985, 29.0316", "29.0316N 111.6985E", "29°01′53.8″N 111°41′54.6″E", "3212973.02 568041.26" or
 * "37568041.26, 3212973.02". Order is told from letters, else from which order lies nearer to the city. Eastings are read in
 * the zone of the city's that puts the place nearest; an easting with the number of a neighbouring zone is known by it.
 * Null when it is no place.
 */
export function parsePlace(text: string, home: Home): Parsed | null {
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
  return a.big ? parsePlane(a, b, home) : parseDegrees(a, b, home);
}

interface Typed {
  value: number;
  letter: string;
}

interface At {
  lon: number;
  lat: number;
}

/** Degrees between a place and the city's box, 0 inside. */
function away({ lon, lat }: At, [w, s, e, n]: City['box']): number {
  return Math.hypot(Math.max(w - lon, lon - e, 0), Math.max(s - lat, lat - n, 0));
}

const onEarth = ({ lon, lat }: At) => Math.abs(lat) <= 85 && Math.abs(lon) <= 180;

function parseDegrees(a: Typed, b: Typed, home: Home): Parsed | null {
  const latFirst = { lat: a.value, lon: b.value };
  const lonFirst = { lat: b.value, lon: a.value };
  const said = 'NS'.includes(a.letter || '-') || 'EW'.includes(b.letter || '-') ? latFirst : 'EW'.includes(a.letter || '-') || 'NS'.includes(b.letter || '-') ? lonFirst : null;
  const places = (said ? [said] : [lonFirst, latFirst]).filter(onEarth).sort((x, y) => away(x, home.box) - away(y, home.box));
  return places[0] ? { ...places[0], as: 'degrees' } : null;
}

/** Further from the city than this (degrees) numbers in metres are a mistake in typing. */
const FAR = 9;

function parsePlane(a: Typed, b: Typed, home: Home): Parsed | null {
  let best: (Parsed & { away: number }) | null = null;
  for (const [n, e] of [[a.value, b.value], [b.value, a.value]] as const) {
    for (const zone of [...home.zones, ...neighbours(e, home.zones)]) {
      // A zone is some hundred kilometres wide; what lies outside is another zone's easting, or a northing.
      if (Math.abs(e - zone.easting) > 700_000) continue;
      const at = inverse(n, e, zone);
      if (!onEarth(at)) continue;
      const found = { ...at, as: 'plane' as const, zone, away: away(at, home.box) };
      if (found.away <= FAR && (!best || found.away < best.away)) best = found;
    }
  }
  if (!best) return null;
  const { lon, lat, as, zone } = best;
  return zone ? { lon, lat, as, zone } : null;
}

/** The zone whose number stands before an easting, where the city has numbered zones at all. */
function neighbours(easting: number, zones: Zone[]): Zone[] {
  const numbered = zones.find((z) => z.scale === 1 && z.easting > 1_000_000);
  if (!numbered) return [];
  const own = Math.floor(numbered.easting / 1_000_000);
  const number = Math.floor(easting / 1_000_000);
  const width = own < 24 ? 6 : 3;
  if (number === own || Math.abs(number - own) > 2) return [];
  return [{ ...numbered, epsg: numbered.epsg + number - own, meridian: numbered.meridian + (number - own) * width, easting: number * 1_000_000 + 500_000 }];
}
