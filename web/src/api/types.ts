// What the server says, as the pages read it. Only fields that the pages use are named.

import type { Geometry } from 'geojson';

/** A text in both languages. */
export interface Text {
  zh: string;
  en: string;
}

/** A plane CRS of the city: transverse Mercator, metres. */
export interface Zone {
  epsg: number;
  title: Text;
  /** Longitude of the central meridian in degrees, and the scale on it. */
  meridian: number;
  scale: number;
  /** Metres added to eastings (a zone number included) and northings. */
  easting: number;
  northing: number;
}

/** The city that this server is for. `box` is [west, south, east, north] in degrees; the first zone is the usual one. */
export interface City {
  name: Text;
  box: [number, number, number, number];
  view: { center: [number, number]; zoom: number };
  zones: Zone[];
}

/** One entry of a code list. */
export interface Code extends Text {
  code: string;
}

/** A field of a layer's schema. `unit` is a symbol such as "m" or "mm". */
export interface Field {
  name: string;
  title: Text;
  type: string;
  unit?: string | null;
  codes?: Code[] | null;
  sensitive?: boolean;
}

export type Sharing = 'open' | 'restricted' | 'private';
export type GeometryKind = 'point' | 'line' | 'polygon' | 'raster';

/** A layer. `extent` is [west, south, east, north] in degrees, null while the layer is empty. */
export interface Collection {
  id: string;
  title: Text;
  theme: { id: string; title: Text };
  geometry: GeometryKind;
  sharing: Sharing;
  minzoom: number;
  maxzoom: number;
  count: number;
  extent: [number, number, number, number] | null;
  fields: Field[];
  label?: string | null;
  revision?: number | null;
}

/** One value of an identified feature. `display` is the code's meaning or the formatted value. */
export interface HitField {
  name: string;
  title: Text;
  value: string | number | boolean | null;
  display?: Text | null;
  unit?: string | null;
}

/** A feature found at a place. Ids are u64 and may arrive as a string beyond 2^53. */
export interface Hit {
  layer: string;
  title: Text;
  id: number | string;
  distance_m: number;
  fields: HitField[];
  geometry: Geometry | null;
}
