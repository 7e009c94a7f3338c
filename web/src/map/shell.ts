// The map itself, without a framework: what any desk does with a map, said in this project's words.
// Nothing outside this file (and its tests) calls MapLibre.

import { Map as GlMap, setWorkerUrl, type GeoJSONSource, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import type { FeatureCollection, Geometry } from 'geojson';
import type { Collection } from '../api/types';
import { boundsOf } from './bounds';
import { dress, hiddenLayers, HIGHLIGHT, NOTHING, OVERLAY } from './dress';
import type { Camera } from './permalink';

setWorkerUrl(workerUrl);

export interface Place {
  lon: number;
  lat: number;
}

/** What the map tells. `pointer` is null when it has left the map; `failed` carries the source's words. */
export interface ShellEvents {
  moved(camera: Camera): void;
  pointer(at: Place | null): void;
  picked(at: Place): void;
  busy(busy: boolean): void;
  failed(message: string, away: boolean): void;
  attribution(text: string): void;
}

interface TileId {
  z: number;
  x: number;
  y: number;
}

export type Bounds = [west: number, south: number, east: number, north: number];

const MIN_ZOOM = 4;
const MAX_ZOOM = 21;

export class MapShell {
  /** Readable from the browser's console and by browser tests: `ditu.map`. */
  readonly map: GlMap;
  #style: StyleSpecification | null = null;
  #collections: Collection[] = [];
  #hidden: ReadonlySet<string> = new Set();
  #highlight = NOTHING;
  #overlay = NOTHING;
  /** Tiles that failed since the last mending, by source. */
  readonly #broken = new Map<string, TileId[]>();
  /** A source's own description could not be read; only a fresh start of the style asks for it again. */
  #unread = false;
  #roman = false;

  constructor(container: HTMLElement, camera: Camera, events: ShellEvents) {
    const map = new GlMap({
      container,
      style: { version: 8, sources: {}, layers: [] },
      center: [camera.lon, camera.lat],
      zoom: camera.zoom,
      minZoom: MIN_ZOOM,
      maxZoom: MAX_ZOOM,
      // A municipal map is read north up; turning it by accident costs more than it gives.
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      renderWorldCopies: false,
      attributionControl: false,
      // Chinese glyphs are drawn from the reader's own fonts: a screen of labels would else cost megabytes.
      localIdeographFontFamily: '"Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",sans-serif',
      // The styles are validated by a test; validating again on each switch costs 50 ms.
      validateStyle: false,
      fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200,
    });
    this.map = map;
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();

    map.on('moveend', () => events.moved(this.camera));
    map.on('zoom', () => events.moved(this.camera));
    map.on('mousemove', (e) => events.pointer({ lon: e.lngLat.lng, lat: e.lngLat.lat }));
    map.on('mouseout', () => events.pointer(null));
    map.on('click', (e) => events.picked({ lon: e.lngLat.lng, lat: e.lngLat.lat }));
    map.on('dataloading', () => events.busy(true));
    map.on('idle', () => events.busy(false));
    map.on('sourcedata', (e) => e.sourceDataType === 'metadata' && events.attribution(this.attribution));
    map.on('error', (e) => {
      const failed = e as unknown as { sourceId?: string; tile?: { tileID: { canonical: TileId } } };
      if (failed.sourceId && !failed.tile) this.#unread = true;
      if (failed.sourceId && failed.tile) this.#broken.set(failed.sourceId, [...(this.#broken.get(failed.sourceId) ?? []), failed.tile.tileID.canonical]);
      // Status 0: the request never reached a server. 502 to 504: a proxy, or the server itself, is overrun.
      const status = (e.error as { status?: number }).status ?? -1;
      events.failed(e.error.message, status === 0 || (status >= 502 && status <= 504));
    });
    map.getCanvas().addEventListener('keydown', (e) => {
      if (e.key !== 'Enter') return;
      e.preventDefault();
      const centre = map.getCenter();
      events.picked({ lon: centre.lng, lat: centre.lat });
    });
  }

  get camera(): Camera {
    const centre = this.map.getCenter();
    return { zoom: this.map.getZoom(), lat: centre.lat, lon: centre.lng };
  }

  /** What the sources ask to be named for, without mark-up. */
  get attribution(): string {
    const texts = Object.keys(this.map.getStyle()?.sources ?? {}).map((id) => this.map.getSource(id)?.attribution ?? '');
    return [...new Set(texts.map((t) => t.replace(/<[^>]*>/g, '').trim()).filter(Boolean))].join(' · ');
  }

  /** Name of the map for screen readers. */
  set label(text: string) {
    this.map.getCanvas().setAttribute('aria-label', text);
  }

  /** Shows a style; `roman` prefers romanised names. Tiles that are there are kept. */
  show(style: StyleSpecification, collections: Collection[], hidden: ReadonlySet<string>, roman: boolean): void {
    this.#style = style;
    this.#collections = collections;
    this.#hidden = hidden;
    this.#roman = roman;
    this.#wear(this.map.isStyleLoaded() === true);
  }

  #wear(diff: boolean): void {
    if (!this.#style) return;
    const dressing = { collections: this.#collections, hidden: this.#hidden, highlight: this.#highlight, overlay: this.#overlay, roman: this.#roman };
    this.map.setStyle(dress(this.#style, dressing), { diff });
  }

  /** Switches only the layers that change, so a toggle is one frame and no tile is parsed again. */
  hide(hidden: ReadonlySet<string>): void {
    this.#hidden = hidden;
    if (!this.#style) return;
    const off = hiddenLayers(this.#style, this.#collections, this.#hidden);
    for (const layer of this.#style.layers) {
      if (!this.map.getLayer(layer.id)) continue;
      const own = 'layout' in layer ? layer.layout?.visibility : undefined;
      const wanted = off.has(layer.id) || own === 'none' ? 'none' : 'visible';
      if ((this.map.getLayoutProperty(layer.id, 'visibility') ?? 'visible') !== wanted) this.map.setLayoutProperty(layer.id, 'visibility', wanted);
    }
  }

  mark(geometry: Geometry | null): void {
    // A district around everything in view is marked by its border: its fill would tint the whole map.
    const box = geometry && boundsOf(geometry);
    const view = this.map.getBounds();
    const wide = !!box && box[2] - box[0] > 0.8 * (view.getEast() - view.getWest());
    this.#highlight = geometry ? { type: 'Feature', properties: { wide }, geometry } : NOTHING;
    this.map.getSource<GeoJSONSource>(HIGHLIGHT)?.setData(this.#highlight);
  }

  /** Lays features over the map, each in its property `color`. */
  overlay(features: FeatureCollection): void {
    this.#overlay = features;
    this.map.getSource<GeoJSONSource>(OVERLAY)?.setData(features);
  }

  /** The overlay's feature nearest to a place within a few pixels: its properties. */
  overlaid(at: Place): Record<string, unknown> | null {
    const { x, y } = this.map.project([at.lon, at.lat]);
    const layers = ['fill', 'line', 'point'].map((k) => `${OVERLAY}-${k}`).filter((id) => this.map.getLayer(id));
    const found = this.map.queryRenderedFeatures([[x - 6, y - 6], [x + 6, y + 6]], { layers });
    return found[0]?.properties ?? null;
  }

  /** Gives the browser back what the map took. */
  remove(): void {
    this.map.remove();
  }

  goTo(at: Place, zoom?: number): void {
    this.map.flyTo({ center: [at.lon, at.lat], zoom: zoom ?? this.map.getZoom(), duration: 800 });
  }

  jumpTo(camera: Camera): void {
    this.map.jumpTo({ center: [camera.lon, camera.lat], zoom: camera.zoom });
  }

  fit(bounds: Bounds, animate: boolean): void {
    this.map.fitBounds(bounds, { padding: 24, animate, maxZoom: 17 });
  }

  zoomBy(step: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + step, duration: 200 });
  }

  focus(): void {
    this.map.getCanvas().focus();
  }

  /**
   * Asks again for the tiles that failed. They are named one by one: MapLibre 6.17 leaves a failed vector tile
   * waiting for ever when the whole source is reloaded (it is marked as loading, and loading tiles queue).
   */
  mend(): void {
    if (this.#unread) {
      this.#unread = false;
      this.#broken.clear();
      return this.#wear(false);
    }
    for (const [id, tiles] of this.#broken) if (this.map.getSource(id)) this.map.refreshTiles(id, tiles);
    this.#broken.clear();
  }

  /** Asks the server again for everything on screen and forgets the rest: the data have changed. */
  refresh(): void {
    this.mend();
    for (const [id, source] of Object.entries(this.#style?.sources ?? {})) {
      if ((source.type === 'vector' || source.type === 'raster-dem') && this.map.getSource(id)) this.map.refreshTiles(id);
    }
  }

  /** Properties of what is drawn now, by collection: what a printed legend must explain. Rasters are not listed. */
  drawn(): Map<string, Record<string, unknown>[]> {
    const found = new Map<string, Record<string, unknown>[]>();
    for (const feature of this.map.queryRenderedFeatures()) {
      if (!feature.sourceLayer) continue;
      const list = found.get(feature.sourceLayer);
      if (list) list.push(feature.properties);
      else found.set(feature.sourceLayer, [feature.properties]);
    }
    return found;
  }

  /** A picture of the map at `ratio` pixels to a CSS pixel, once everything in view is drawn. */
  async capture(ratio: number): Promise<HTMLCanvasElement> {
    const before = this.map.getPixelRatio();
    this.map.setPixelRatio(ratio);
    try {
      await new Promise<void>((done) => {
        this.map.once('idle', () => done());
        this.map.triggerRepaint();
      });
      // The drawing buffer is only full inside a frame, so the copy is made there.
      return await new Promise<HTMLCanvasElement>((done) => {
        this.map.once('render', () => {
          const source = this.map.getCanvas();
          const copy = Object.assign(document.createElement('canvas'), { width: source.width, height: source.height });
          copy.getContext('2d')?.drawImage(source, 0, 0);
          done(copy);
        });
        this.map.triggerRepaint();
      });
    } finally {
      this.map.setPixelRatio(before);
    }
  }
}
