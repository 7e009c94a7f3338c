// What browser tests share: a site, a browser, and a page that remembers what went wrong on it.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { startMock } from '../test/mock/server.mjs';

export const SMALL = { width: 1366, height: 768 };
export const LARGE = { width: 1920, height: 1080 };
/** Software GL on busy cores: a whole map may take this long. Waits end as soon as the map is idle. */
const PATIENCE = 90_000;

export interface Site {
  url: string;
  stop(): Promise<unknown>;
}

/** The server under test: DITU_URL, else the stand-in (said aloud, because it proves less). */
export async function site(): Promise<Site> {
  const url = process.env['DITU_URL'];
  if (url) return { url: url.replace(/\/$/, ''), stop: async () => {} };
  console.warn('DITU_URL is not set: testing the pages against the stand-in server');
  return startMock();
}

/** A server on a bare data folder: the binary DITU_BIN, else the stand-in. */
export async function bareSite(): Promise<Site> {
  const binary = process.env['DITU_BIN'];
  if (!binary) return startMock({ empty: true });
  return serve(binary, mkdtempSync(join(tmpdir(), 'ditu-bare-')));
}

/** A server for another city: its `ditu.toml` and one delivery of roads. Null without the binary DITU_BIN. */
export async function otherCity(settings: string, roads: object): Promise<Site | null> {
  const binary = process.env['DITU_BIN'];
  if (!binary) return null;
  const folder = mkdtempSync(join(tmpdir(), 'ditu-city-'));
  writeFileSync(join(folder, 'ditu.toml'), settings);
  writeFileSync(join(folder, 'roads.geojson'), JSON.stringify(roads));
  execFileSync(binary, ['--data', 'data', 'import', '--layer', 'transport.road', 'roads.geojson'], { cwd: folder });
  return serve(binary, folder);
}

/** Runs the binary in a folder, with the data in it; the folder is gone when the server has stopped. */
async function serve(binary: string, folder: string): Promise<Site> {
  const server = spawn(binary, ['--data', 'data', 'serve', '--addr', '127.0.0.1:0', '--public', 'all'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise<string>((found, failed) => {
    const hear = (chunk: Buffer) => {
      said += chunk;
      const address = /http:\/\/[\d.]+:\d+/.exec(said);
      if (address) found(address[0]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  return {
    url,
    stop: () =>
      new Promise<void>((done) => {
        server.removeAllListeners('exit');
        server.on('exit', () => {
          rmSync(folder, { recursive: true, force: true });
          done();
        });
        server.kill();
      }),
  };
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
}

/** A page and what it complained of. */
export interface Visit {
  page: Page;
  /** Errors of the console and of scripts. */
  errors: string[];
  /** Requests to other hosts than the site's. */
  foreign: string[];
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: SMALL, locale: 'zh-CN', colorScheme: 'light', acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const seen: Visit = { page, errors: [], foreign: [] };
  page.on('console', (m) => m.type() === 'error' && seen.errors.push(`${m.text()} ${m.location().url}`));
  page.on('pageerror', (e) => seen.errors.push(String(e.stack ?? e)));
  page.on('request', (r) => {
    const { protocol, origin } = new URL(r.url());
    if (protocol.startsWith('http') && origin !== new URL(url).origin) seen.foreign.push(r.url());
  });
  await page.goto(url);
  return seen;
}

/** The parts of MapLibre's map that tests ask. */
export interface TestMap {
  loaded(): boolean;
  isMoving(): boolean;
  triggerRepaint(): void;
  once(event: string, then: () => void): void;
  getZoom(): number;
  getCenter(): { lng: number; lat: number };
  project(at: [number, number]): { x: number; y: number };
  jumpTo(camera: { center?: [number, number]; zoom?: number }): void;
  /** Undefined while a style is being loaded. */
  getStyle(): { layers: { id: string; 'source-layer'?: string; layout?: Record<string, unknown> }[]; metadata?: Record<string, unknown> } | undefined;
  queryRenderedFeatures(options: { layers: string[] }): { properties: Record<string, unknown>; geometry: { type: string; coordinates: unknown }; sourceLayer: string }[];
}
declare global {
  interface Window {
    ditu: { map: TestMap };
  }
}

/** Waits until everything in view is drawn. */
export async function idle(page: Page): Promise<void> {
  await page.waitForSelector('.zoom-buttons');
  await page.evaluate(
    () =>
      new Promise<void>((done) => {
        // A frame is asked for, so that `idle` also comes when nothing is left to draw.
        window.ditu.map.once('idle', done);
        window.ditu.map.triggerRepaint();
      }),
  );
}

/** Features of a layer of the base map that are on screen now. */
export function rendered(page: Page, sourceLayer: string) {
  return page.evaluate((id) => {
    const { map } = window.ditu;
    const layers = (map.getStyle()?.layers ?? []).filter((l) => l['source-layer'] === id).map((l) => l.id);
    return map.queryRenderedFeatures({ layers }).map((f) => ({ properties: f.properties, geometry: f.geometry }));
  }, sourceLayer);
}

export const centre = (page: Page) => page.evaluate(() => ({ ...window.ditu.map.getCenter(), zoom: window.ditu.map.getZoom() }));

/** Where the tests look: the middle of the city. */
export const CITY = { lat: 29.0316, lon: 111.6985 };
export const at = (zoom: number, more = '') => `#map=${zoom}/${CITY.lat}/${CITY.lon}${more}`;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious findings of axe on the page as it is, one line each. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    return (await axe.run()).violations;
  });
  return found.filter((v) => v.impact === 'serious' || v.impact === 'critical').flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} — ${n.failureSummary}`));
}
