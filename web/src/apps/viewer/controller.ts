// Joins map, server and state. Components call these functions; nothing here draws.

import { batch, effect } from '@preact/signals';
import { ApiError, city as fetchCity, collections as fetchCollections, identify, style as fetchStyle } from '../../api/client';
import type { Collection } from '../../api/types';
import { readLink, writeLink, type Camera, type Link } from '../../map/permalink';
import { MapShell, type Place } from '../../map/shell';
import { loadIcons } from '../../map/sprite';
import { boundsOf, byReach } from '../../map/bounds';
import { lang, messages, say as inLang, type Lang } from '../../ui/i18n';
import { recall, remember } from '../../ui/memory';
import * as s from './state';

let shell: MapShell | null = null;
let retryTimer = 0;
let tries = 0;
let asking: AbortController | null = null;
let dressing: AbortController | null = null;

/** How often the server is asked whether the data have changed, and how often an empty one. */
const POLL_MS = 20_000;
const EMPTY_POLL_MS = 4_000;

/** Starts the page: link and memory first, then the map, then data. */
export function start(container: HTMLElement): void {
  const link = readLink(location.hash);
  const remembered = recall('style');
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  s.styleName.value = remembered === 'dark' || (!remembered && dark) ? 'dark' : 'light';
  apply(link);
  try {
    shell = new MapShell(container, s.camera.value, {
      moved: (camera) => (s.camera.value = camera),
      pointer: (at) => (s.pointer.value = at),
      picked: (at) => void pick(at),
      busy: (busy) => (s.busy.value = busy),
      failed: (message, away) => away && lost(message),
      attribution: (text) => (s.attribution.value = text),
    });
  } catch (cause) {
    // MapLibre throws when the browser gives no WebGL 2 context.
    s.world.value = { kind: 'failed', reason: messages.value.noWebGl };
    console.warn(cause);
    return;
  }
  // The one handle for the console and for browser tests; it gives nothing that the page does not have.
  Object.assign(window, { ditu: { map: shell.map } });

  effect(() => {
    document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset['theme'] = s.styleName.value;
    document.title = messages.value.productLong(inLang(s.city.value?.name));
    if (shell) shell.label = messages.value.mapLabel;
  });
  effect(() => shell?.hide(s.hidden.value));
  effect(() => {
    const chosen = s.selection.value;
    shell?.mark(chosen?.hits[chosen.index]?.geometry ?? null);
  });
  // Written late and replaced, so that a wheel turn makes one entry and the back button leaves the page.
  let writing = 0;
  effect(() => {
    const hash = writeLink(currentLink());
    clearTimeout(writing);
    if (s.world.value.kind !== 'ready') return;
    writing = window.setTimeout(() => history.replaceState(history.state, '', hash), 150);
  });
  addEventListener('hashchange', () => {
    const link = readLink(location.hash);
    apply(link);
    if (link.camera) shell?.jumpTo(link.camera);
    if (link.style) void loadStyle();
  });
  void load(link.camera === undefined);
  schedulePoll();
}

/** What a link to the present view says. */
export function currentLink(): Link {
  return { camera: s.camera.value, style: s.styleName.value, hidden: [...s.hidden.value], lang: lang.value, ...(s.zone.value ? { gk: String(s.zone.value.epsg) } : {}) };
}

function apply(link: Link): void {
  batch(() => {
    if (link.camera) s.camera.value = link.camera;
    if (link.style === 'light' || link.style === 'dark') s.styleName.value = link.style;
    if (link.hidden) s.hidden.value = new Set(link.hidden);
    if (link.lang) lang.value = link.lang;
    if (link.gk) s.gk.value = link.gk;
  });
}

/** Fetches layers and style. `frame` moves the map to the data, on the first load without a camera in the link. */
async function load(frame: boolean): Promise<void> {
  try {
    const [found, city] = await Promise.all([fetchCollections(lang.value), fetchCity(lang.value)]);
    s.city.value = city;
    // Before there are data, and under a link's own camera, the city is where the map stands.
    if (frame) shell?.jumpTo({ lon: city.view.center[0], lat: city.view.center[1], zoom: city.view.zoom });
    arrived(found);
    if (!found.some((c) => c.count > 0)) {
      s.world.value = { kind: 'empty', closed: found.length === 0 };
      return;
    }
    const served = await fetchStyle(s.styleName.value, lang.value);
    if (frame) shell?.jumpTo(opening(served.center, served.zoom));
    wear(served);
    s.world.value = { kind: 'ready' };
  } catch (cause) {
    if (cause instanceof ApiError && cause.kind === 'away') lost(cause.message);
    else s.world.value = { kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) };
  }
}

function arrived(found: Collection[]): void {
  batch(() => {
    s.collections.value = found;
    if (s.away.value) {
      s.away.value = null;
      say(messages.value.backAgain);
    }
    tries = 0;
  });
}

/** The style's own opening view where it lies on the data, else the data's box. */
function opening(center: unknown, zoom: number | undefined): Camera {
  const box = s.extent.value;
  const [lon, lat] = Array.isArray(center) ? (center as [number, number]) : [NaN, NaN];
  const inside = box && lon >= box[0] && lon <= box[2] && lat >= box[1] && lat <= box[3];
  if (inside && zoom !== undefined) return { lon, lat, zoom };
  if (box) shell?.fit(box, false);
  return shell?.camera ?? s.camera.value;
}

function wear(served: Awaited<ReturnType<typeof fetchStyle>>): void {
  s.style.value = served;
  shell?.show(served, s.collections.value, s.hidden.value, lang.value === 'en');
  void loadIcons(served.sprite).then((icons) => (s.icons.value = icons));
}

async function loadStyle(): Promise<void> {
  dressing?.abort();
  dressing = new AbortController();
  const { signal } = dressing;
  try {
    wear(await fetchStyle(s.styleName.value, lang.value, signal));
  } catch (cause) {
    if (signal.aborted) return;
    if (cause instanceof ApiError) lost(cause.message);
  }
}

/** The server is away: say so once, try again by itself with growing pauses. */
function lost(message: string): void {
  if (s.away.value) return;
  const pause = Math.min(30_000, 2_000 * 2 ** tries++);
  s.away.value = { message, retryAt: Date.now() + pause };
  clearTimeout(retryTimer);
  retryTimer = window.setTimeout(() => void retry(), pause);
}

/** Tries again now. */
export async function retry(): Promise<void> {
  clearTimeout(retryTimer);
  const before = s.away.value;
  if (before) s.away.value = { ...before, retryAt: null };
  try {
    const found = await fetchCollections(lang.value);
    arrived(found);
  } catch (cause) {
    s.away.value = null;
    lost(cause instanceof Error ? cause.message : String(cause));
    return;
  }
  if (s.style.value) shell?.mend();
  else await load(readLink(location.hash).camera === undefined);
}

/** Notices new data without a reload: at once on an empty page, every 20 s otherwise, never in a hidden tab. */
function schedulePoll(): void {
  const pause = s.world.value.kind === 'empty' ? EMPTY_POLL_MS : POLL_MS;
  window.setTimeout(async () => {
    if (!document.hidden && !s.away.value) await poll();
    schedulePoll();
  }, pause);
}

const stamp = (list: Collection[]) => list.map((c) => `${c.id}@${c.revision ?? ''}:${c.count}`).join();

async function poll(): Promise<void> {
  if (s.world.value.kind === 'empty') return load(true);
  if (s.world.value.kind !== 'ready') return;
  try {
    const before = stamp(s.collections.value);
    const found = await fetchCollections(lang.value);
    if (stamp(found) === before) return;
    s.collections.value = found;
    shell?.refresh();
    say(messages.value.dataUpdated);
  } catch (cause) {
    if (cause instanceof ApiError && cause.kind === 'away') lost(cause.message);
  }
}

/** Asks what lies at a place, among the layers that are shown. */
export async function pick(at: Place): Promise<void> {
  if (s.world.value.kind !== 'ready') return;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  s.selection.value = { at, state: 'asking', hits: [], index: 0 };
  const layers = s.filled.value.filter((c) => !s.hidden.value.has(c.id) && c.geometry !== 'raster').map((c) => c.id);
  if (layers.length === 0) {
    s.selection.value = { at, state: 'done', hits: [], index: 0 };
    return;
  }
  try {
    const hits = byReach(await identify({ ...at, zoom: s.camera.value.zoom }, layers, lang.value, signal));
    s.selection.value = { at, state: 'done', hits, index: 0 };
  } catch (cause) {
    if (signal.aborted) return;
    s.selection.value = { at, state: 'failed', hits: [], index: 0, message: cause instanceof Error ? cause.message : String(cause) };
  }
}

export function unselect(): void {
  asking?.abort();
  s.selection.value = null;
}

/** Chooses a hit; counts from 0 and wraps. */
export function choose(index: number): void {
  const now = s.selection.value;
  const n = now?.hits.length ?? 0;
  if (now && n > 0) s.selection.value = { ...now, index: (index + n) % n };
}

export function toggle(ids: string[], show: boolean): void {
  const next = new Set(s.hidden.value);
  for (const id of ids) if (show) next.delete(id);
    else next.add(id);
  s.hidden.value = next;
}

export function setStyle(name: s.StyleName): void {
  s.styleName.value = name;
  remember('style', name);
  if (s.style.value) void loadStyle();
}

export function setLang(next: Lang): void {
  lang.value = next;
  remember('lang', next);
  if (s.style.value) shell?.show(s.style.value, s.collections.value, s.hidden.value, next === 'en');
}

export function setZone(epsg: string): void {
  s.gk.value = epsg;
  remember('gk', epsg);
}

export function setDms(on: boolean): void {
  s.dms.value = on;
  remember('dms', on ? 'on' : 'off');
}

export function setPanel(open: boolean): void {
  s.panelOpen.value = open;
  remember('panel', open ? 'open' : 'closed');
}

export const zoomBy = (step: number): void => shell?.zoomBy(step);
export const goTo = (at: Place): void => shell?.goTo(at, Math.max(16, s.camera.value.zoom));
export const focusMap = (): void => shell?.focus();

export function home(): void {
  if (s.extent.value) shell?.fit(s.extent.value, true);
}

export function zoomToLayer(layer: Collection): void {
  if (layer.extent) shell?.fit(layer.extent, true);
}

export function zoomToHit(): void {
  const now = s.selection.value;
  const geometry = now?.hits[now.index]?.geometry;
  const box = geometry && boundsOf(geometry);
  if (box) shell?.fit(box, true);
}

export async function share(): Promise<void> {
  history.replaceState(history.state, '', writeLink(currentLink()));
  // The clipboard needs a secure context; an intranet over plain HTTP has none.
  try {
    await navigator.clipboard.writeText(location.href);
    say(messages.value.shared);
  } catch {
    say(messages.value.shareFailed);
  }
}

export function capture(ratio: number): Promise<HTMLCanvasElement> {
  return shell ? shell.capture(ratio) : Promise.reject(new Error(messages.value.printFailed));
}

/** What is drawn now, by collection. */
export const drawn = () => shell?.drawn() ?? new Map<string, Record<string, unknown>[]>();

let saying = 0;
/** Says something short, for eyes and screen readers. */
export function say(text: string): void {
  s.toast.value = text;
  clearTimeout(saying);
  saying = window.setTimeout(() => (s.toast.value = null), 4_000);
}
