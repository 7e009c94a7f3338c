// The states nobody plans for: no data, server away; and what assistive technology finds on each page.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, axeFindings, bareSite, idle, launch, rendered, site, visit, type Site } from './harness';

let server: Site;
let bare: Site;
let browser: Browser;
beforeAll(async () => {
  [server, bare, browser] = await Promise.all([site(), bareSite(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), bare?.stop()]);
});

const COLLECTIONS = /\/collections(\?|$)/;
const TILES = /\/tiles\/basemap\/\d+\/\d+\/\d+/;
const TILEJSON = /\/tiles\/basemap(\?|$)/;
const IDENTIFY = /\/identify\?/;

test('a bare data folder says which commands to run', async () => {
  const { page, errors, foreign } = await visit(browser, bare.url);
  const card = page.locator('.card');
  await card.waitFor();
  expect(await card.getAttribute('data-state')).toBe('empty');
  expect(await card.locator('code').allTextContents()).toEqual(['ditu sample delivery', 'ditu import delivery']);
  expect(await card.locator('h2').textContent()).toBe('还没有数据');
  expect(await axeFindings(page)).toEqual([]);
  await page.locator('#lang-switch').click();
  expect(await card.locator('h2').textContent()).toBe('No data yet');
  expect(errors).toEqual([]);
  expect(foreign).toEqual([]);
  await page.context().close();
});

test('data that arrive on an empty page appear without a reload', async () => {
  const { page } = await visit(browser, 'about:blank');
  const empty = await (await fetch(`${server.url}/collections`)).json() as { collections: { count: number; extent: unknown }[] };
  for (const c of empty.collections) Object.assign(c, { count: 0, extent: null });
  await page.route(COLLECTIONS, (route) => route.fulfill({ json: empty }));
  await page.goto(server.url);
  await page.locator('.card').waitFor();
  await page.unroute(COLLECTIONS);
  await idle(page);
  expect(await page.locator('.card').count()).toBe(0);
  await page.context().close();
});

test('a visitor to whom nothing is public is told so', async () => {
  const { page } = await visit(browser, 'about:blank');
  await page.route(COLLECTIONS, (route) => route.fulfill({ json: { collections: [] } }));
  await page.goto(server.url);
  await page.locator('.card[data-state=closed]').waitFor();
  await page.context().close();
});

test('a server that is away gives a banner, and the map when it is back', async () => {
  const { page } = await visit(browser, 'about:blank');
  await page.route(COLLECTIONS, (route) => route.abort('connectionrefused'));
  await page.goto(`${server.url}/${at(14)}`);
  const banner = page.locator('.banner');
  await banner.waitFor();
  expect(await banner.textContent()).toContain('连接不上服务器');
  await page.unroute(COLLECTIONS);
  await banner.locator('button').click();
  await idle(page);
  await banner.waitFor({ state: 'detached' });
  expect((await rendered(page, 'transport.road')).length).toBeGreaterThan(0);
  await page.context().close();
});

test('tiles that fail while the reader pans raise the banner, and come when the server is back', async () => {
  const { page } = await visit(browser, `${server.url}/${at(14)}`);
  await idle(page);
  await page.route(TILES, (route) => route.abort('connectionrefused'));
  await page.evaluate(() => window.ditu.map.jumpTo({ zoom: 16.5 }));
  await page.locator('.banner').waitFor();
  await page.unroute(TILES);
  await page.locator('.banner button').click();
  await page.locator('.banner').waitFor({ state: 'detached' });
  await idle(page);
  await page.waitForFunction(() => {
    const { map } = window.ditu;
    const layers = (map.getStyle()?.layers ?? []).filter((l) => l['source-layer'] === 'transport.road').map((l) => l.id);
    return map.loaded() && map.queryRenderedFeatures({ layers }).length > 0;
  });
  await page.context().close();
});

test('a source that could not be described is asked for again', async () => {
  const { page } = await visit(browser, 'about:blank');
  await page.route(TILEJSON, (route) => route.abort('connectionrefused'));
  await page.goto(`${server.url}/${at(14)}`);
  await page.locator('.banner').waitFor();
  await page.unroute(TILEJSON);
  await page.locator('.banner button').click();
  await page.waitForFunction(() => {
    const { map } = window.ditu;
    const layers = (map.getStyle()?.layers ?? []).filter((l) => l['source-layer'] === 'transport.road').map((l) => l.id);
    return map.loaded() && layers.length > 0 && map.queryRenderedFeatures({ layers }).length > 0;
  });
  await page.context().close();
});

test('identify that fails says so and can be tried again', async () => {
  const { page } = await visit(browser, `${server.url}/${at(16)}`);
  await idle(page);
  await page.route(IDENTIFY, (route) => route.fulfill({ status: 503, json: { type: 'about:blank', title: 'busy', detail: '服务器忙' } }));
  await page.mouse.click(700, 400);
  await page.locator('.identify-none', { hasText: '服务器忙' }).waitFor();
  await page.unroute(IDENTIFY);
  await page.locator('.identify-none button').click();
  await page.locator('.identify .fields, .identify .identify-none:not(:has(button))').first().waitFor();
  await page.context().close();
});

test('axe finds nothing serious: map, identified feature, dialogs, both styles', async () => {
  const { page } = await visit(browser, `${server.url}/${at(16)}`);
  await idle(page);
  await page.locator('[data-layer="transport.road"] .fold').click();
  expect(await axeFindings(page)).toEqual([]);
  await page.mouse.click(700, 400);
  await page.locator('.identify .fields, .identify .identify-none').first().waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('d');
  await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark');
  await idle(page);
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.keyboard.press('p');
  await page.locator('dialog[open]').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.context().close();
});
