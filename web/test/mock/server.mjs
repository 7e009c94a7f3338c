// A stand-in for `ditu serve`: the same paths and shapes, from layers/, styles/ and a small invented city.
//   node test/mock/server.mjs [port] [--empty]
// Browser tests use it when DITU_URL is not set; the real server is what they are for.

import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GeoJSONVT } from '@maplibre/geojson-vt';
import { fromGeojsonVt } from '@maplibre/vt-pbf';
import { parse } from 'smol-toml';
import { city } from './city.mjs';

const web = fileURLToPath(new URL('../..', import.meta.url));
const root = join(web, '..');
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json' };
// One transparent pixel.
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

const CITY = {
  name: { zh: '常德市', en: 'Changde' },
  box: [110.48, 28.4, 112.3, 30.13],
  view: { center: [111.6985, 29.0316], zoom: 11 },
  zones: [
    { epsg: 4546, title: { zh: '3° 带（不含带号）EPSG:4546', en: '3° zone, no zone number, EPSG:4546' }, meridian: 111, scale: 1, easting: 500000, northing: 0 },
    { epsg: 4525, title: { zh: '3° 37 带（含带号）EPSG:4525', en: '3° zone 37, with zone number, EPSG:4525' }, meridian: 111, scale: 1, easting: 37500000, northing: 0 },
  ],
};

function definitions() {
  const read = (name) => parse(readFileSync(join(root, 'layers', name), 'utf8'));
  return read('basemap.toml').themes.flatMap((theme) => {
    const file = read(`${theme}.toml`);
    return file.layer.map((layer) => ({ ...layer, themeTitle: file.title, theme, codes: file.codes ?? {} }));
  });
}

function fieldOf(def, field) {
  const codes = field.codes && def.codes[field.codes]?.values.map(({ code, zh, en }) => ({ code, zh, en }));
  return { name: field.name, title: field.title, type: field.type, unit: field.unit ?? null, codes: codes ?? null, sensitive: field.sensitive ?? false };
}

/** Numbers in any nesting of coordinates. */
const positions = (c) => (typeof c[0] === 'number' ? [c] : c.flatMap(positions));

function boxOf(features) {
  const all = features.flatMap((f) => positions(f.geometry.coordinates));
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  return [xs, ys].map((v) => v.reduce((a, b) => Math.min(a, b))).concat([xs, ys].map((v) => v.reduce((a, b) => Math.max(a, b))));
}

function inside([x, y], ring) {
  let odd = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

/** Rough distance in metres: good enough to order a few hits. */
function distance(p, geometry) {
  const k = Math.cos((p[1] * Math.PI) / 180);
  if (geometry.type === 'Polygon') return inside(p, geometry.coordinates[0]) ? 0 : Infinity;
  const points = positions(geometry.coordinates).map(([x, y]) => [(x - p[0]) * k * 111320, (y - p[1]) * 110860]);
  if (points.length === 1) return Math.hypot(...points[0]);
  let best = Infinity;
  for (let i = 1; i < points.length; i++) {
    const [[ax, ay], [bx, by]] = [points[i - 1], points[i]];
    const t = Math.max(0, Math.min(1, -(ax * (bx - ax) + ay * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 || 1)));
    best = Math.min(best, Math.hypot(ax + t * (bx - ax), ay + t * (by - ay)));
  }
  return best;
}

/** Starts the stand-in on a port (0: any). `empty` has the layers but nothing in them. */
export function startMock({ port = 0, empty = false } = {}) {
  const defs = definitions();
  const data = empty ? {} : city();
  const indexes = new Map(Object.entries(data).map(([id, features]) => [id, new GeoJSONVT({ type: 'FeatureCollection', features }, { maxZoom: 16, extent: 4096, buffer: 64, indexMaxZoom: 4, promoteId: undefined })]));

  const collections = () => defs.map((def) => {
    const features = data[def.id] ?? [];
    return {
      id: def.id, title: def.title, theme: { id: def.theme, title: def.themeTitle }, geometry: def.geometry, sharing: def.sharing,
      minzoom: def.display.zooms[0], maxzoom: def.display.zooms[1], count: features.length, extent: features.length ? boxOf(features) : null,
      fields: def.field.map((f) => fieldOf(def, f)), label: def.label?.field ?? null, revision: 1,
    };
  });

  const identify = (query) => {
    const p = [Number(query.get('lon')), Number(query.get('lat'))];
    const reach = (78271.5 / 2 ** Number(query.get('z'))) * 6;
    const wanted = new Set(query.get('layers').split(','));
    const hits = defs.filter((def) => wanted.has(def.id)).flatMap((def) =>
      (data[def.id] ?? []).map((f) => ({ def, f, distance_m: distance(p, f.geometry) })).filter((h) => h.distance_m <= reach));
    const size = (h) => ({ point: 0, line: 1, polygon: 2 })[h.def.geometry];
    hits.sort((a, b) => size(a) - size(b) || a.distance_m - b.distance_m);
    return hits.slice(0, 20).map(({ def, f, distance_m }) => ({
      layer: def.id, title: def.title, id: f.id, distance_m, geometry: f.geometry,
      fields: def.field.map((field) => {
        const value = f.properties[field.name] ?? null;
        const code = fieldOf(def, field).codes?.find((c) => c.code === value);
        return { name: field.name, title: field.title, value, display: code ? { zh: code.zh, en: code.en } : null, unit: field.unit ?? null };
      }),
    }));
  };

  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`;
    const url = new URL(request.url, origin);
    const send = (status, type, body) => response.writeHead(status, { 'content-type': type, 'cache-control': 'no-cache' }).end(body);
    const json = (value, status = 200) => send(status, 'application/json', JSON.stringify(value));
    const path = decodeURIComponent(url.pathname);
    let m;
    if (path === '/city') return json(CITY);
    if (path === '/collections') return json({ collections: collections() });
    if (path === '/identify') return json({ features: identify(url.searchParams) });
    if (path === '/health') return json({ status: 'ok' });
    if ((m = /^\/styles\/(light|dark)$/.exec(path))) {
      const style = JSON.parse(readFileSync(join(root, 'styles', m[1], 'style.json'), 'utf8'));
      Object.assign(style, CITY.view);
      const text = JSON.stringify(style).replaceAll(/"(\/(tiles|terrain|fonts|sprites)\/)/g, `"${origin}$1`);
      return send(200, 'application/json', text);
    }
    if (path === '/tiles/basemap')
      return json({
        tilejson: '3.0.0', tiles: [`${origin}/tiles/basemap/{z}/{x}/{y}`], minzoom: 2, maxzoom: 16, attribution: '虚构示例数据',
        vector_layers: defs.map((d) => ({ id: d.id, fields: {} })),
      });
    if ((m = /^\/tiles\/basemap\/(\d+)\/(\d+)\/(\d+)$/.exec(path))) {
      const layers = {};
      for (const def of defs) {
        const tile = Number(m[1]) >= def.display.zooms[0] && indexes.get(def.id)?.getTile(m[1], m[2], m[3]);
        if (tile) layers[def.id] = tile;
      }
      return send(200, 'application/vnd.mapbox-vector-tile', Buffer.from(fromGeojsonVt(layers, { version: 2, extent: 4096 })));
    }
    // No glyphs: every label is drawn from local fonts. No icons, flat ground.
    if (path.startsWith('/fonts/')) return send(200, 'application/x-protobuf', '');
    if (path.startsWith('/sprites/')) return path.endsWith('.json') ? json({}) : send(200, 'image/png', PIXEL);
    if (path.startsWith('/terrain/')) return send(404, 'application/problem+json', '{}');
    const file = join(web, 'dist', normalize(path === '/' ? '/index.html' : path));
    if (existsSync(file) && statSync(file).isFile()) return send(200, TYPES[extname(file)] ?? 'application/octet-stream', readFileSync(file));
    return json({ title: 'Not found', status: 404 }, 404);
  });
  return new Promise((done) => server.listen(port, '127.0.0.1', () => done({ url: `http://127.0.0.1:${server.address().port}`, stop: () => new Promise((end) => (server.closeAllConnections(), server.close(end))) })));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.argv[2] ?? 8790), empty: process.argv.includes('--empty') });
  console.log(url);
}
