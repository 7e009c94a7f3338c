// What the viewer knows, as signals. The controller writes them, the components read them.

import { computed, signal } from '@preact/signals';
import type { StyleSpecification } from 'maplibre-gl';
import type { City, Collection, Hit, Zone } from '../../api/types';
import { legendOf, type LegendEntry } from '../../map/legend';
import type { Camera } from '../../map/permalink';
import type { Bounds, Place } from '../../map/shell';
import type { IconPicture } from '../../map/sprite';
import { recall } from '../../ui/memory';

/** Where the page stands with the server. */
export type World =
  | { kind: 'loading' }
  | { kind: 'ready' }
  /** The server answers but has nothing to show: nothing imported, or nothing public. */
  | { kind: 'empty'; closed: boolean }
  /** Nothing can be shown at all; `reason` is for people. */
  | { kind: 'failed'; reason: string };

/** The server does not answer; `retryAt` is a time in ms, null while trying. */
export interface Away {
  message: string;
  retryAt: number | null;
}

export interface Selection {
  at: Place;
  state: 'asking' | 'done' | 'failed';
  hits: Hit[];
  index: number;
  message?: string;
}

export type StyleName = 'light' | 'dark';

export const world = signal<World>({ kind: 'loading' });
export const away = signal<Away | null>(null);
export const collections = signal<Collection[]>([]);
export const hidden = signal<ReadonlySet<string>>(new Set());
export const styleName = signal<StyleName>('light');
/** The style as served; null until the first has come. */
export const style = signal<StyleSpecification | null>(null);
export const icons = signal<ReadonlyMap<string, IconPicture>>(new Map());
/** Null until the server has said which city it is for. */
export const city = signal<City | null>(null);
export const camera = signal<Camera>({ zoom: 4, lat: 0, lon: 0 });
export const pointer = signal<Place | null>(null);
export const selection = signal<Selection | null>(null);
export const busy = signal(true);
export const attribution = signal('');
export const dialog = signal<'help' | 'print' | null>(null);
export const toast = signal<string | null>(null);
export const panelOpen = signal(recall('panel') !== 'closed');
/** The plane coordinates asked for: an EPSG code, or `plain` and `zone` as earlier links have it. */
export const gk = signal(recall('gk') ?? 'plain');
export const dms = signal(recall('dms') === 'on');

/** Layers that hold something, hidden or not. */
export const filled = computed(() => collections.value.filter((c) => c.count > 0));

export interface ThemeGroup {
  id: string;
  title: Collection['title'];
  layers: Collection[];
}

/** Layers by theme. The server lists themes in drawing order, lowest first; a layer tree reads from the top down. */
export const themes = computed<ThemeGroup[]>(() => {
  const groups = new Map<string, ThemeGroup>();
  for (const c of collections.value) {
    const group = groups.get(c.theme.id) ?? { id: c.theme.id, title: c.theme.title, layers: [] };
    group.layers.push(c);
    groups.set(c.theme.id, group);
  }
  return [...groups.values()].reverse();
});

/** The legend of every layer under the present style. */
export const legends = computed<ReadonlyMap<string, LegendEntry[]>>(() => {
  const now = style.value;
  return new Map(now ? collections.value.map((c) => [c.id, legendOf(c, now)]) : []);
});

/** Box around all data; null without any. */
export const extent = computed<Bounds | null>(() => {
  const boxes = filled.value.map((c) => c.extent).filter((e) => e != null);
  if (boxes.length === 0) return null;
  return [
    Math.min(...boxes.map((b) => b[0])),
    Math.min(...boxes.map((b) => b[1])),
    Math.max(...boxes.map((b) => b[2])),
    Math.max(...boxes.map((b) => b[3])),
  ];
});

const numbered = (z: Zone) => z.easting >= 1_000_000;

/** The zone in which coordinates are shown: the one asked for where the city has it, else the city's usual one. */
export const zone = computed<Zone | null>(() => {
  const zones = city.value?.zones ?? [];
  const asked = gk.value === 'zone' ? zones.find(numbered) : zones.find((z) => String(z.epsg) === gk.value);
  return asked ?? zones[0] ?? null;
});
