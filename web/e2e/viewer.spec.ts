// What a reader does with the viewer, in a real browser against a running server.

import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, centre, CITY, idle, LARGE, launch, rendered, site, SMALL, visit, type Site } from './harness';

let server: Site;
let browser: Browser;
beforeAll(async () => {
  server = await site();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const HAN = /\p{Script=Han}/u;

describe.each([['1366×768', SMALL], ['1920×1080', LARGE]] as const)('at %s', (_, viewport) => {
  test('the map comes up, complains of nothing and asks nobody else', async () => {
    const { page, errors, foreign } = await visit(browser, `${server.url}/${at(14)}`, { viewport });
    await idle(page);
    const names = (await rendered(page, 'placename.place')).map((f) => String(f.properties['name'] ?? ''));
    expect(names.filter((n) => HAN.test(n)).length).toBeGreaterThan(0);
    expect((await rendered(page, 'transport.road')).length).toBeGreaterThan(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight)).toBe(true);
    expect(errors).toEqual([]);
    expect(foreign).toEqual([]);
    await page.context().close();
  });
});

test('all nine themes are in the tree, with a legend', async () => {
  const { page } = await visit(browser, `${server.url}/${at(14)}`);
  await idle(page);
  expect(await page.locator('.theme').count()).toBe(9);
  expect(await page.locator('.theme-title').allTextContents()).toEqual(expect.arrayContaining(['交通', '管网', '地籍', '地名']));
  const pipes = page.locator('[data-layer="pipeline.line"]');
  await pipes.locator('.fold').click();
  const classes = await pipes.locator('.legend li').allTextContents();
  expect(classes).toEqual(expect.arrayContaining(['给水', '燃气', '电力']));
  expect(await pipes.locator('.legend svg path').first().getAttribute('stroke')).toMatch(/^(#|rgb|hsl)/);
  await page.context().close();
});

test('a click lists what is there, with titles, units and meanings in Chinese', async () => {
  const { page, errors } = await visit(browser, `${server.url}/${at(16)}`);
  await idle(page);
  // A vertex of a road that is well inside the view, away from the panels.
  const spot = await page.evaluate(() => {
    const { map } = window.ditu;
    const layers = (map.getStyle()?.layers ?? []).filter((l) => l['source-layer'] === 'transport.road').map((l) => l.id);
    const box = document.getElementById('map')!.getBoundingClientRect();
    for (const feature of map.queryRenderedFeatures({ layers })) {
      const lines = (feature.geometry.type === 'LineString' ? [feature.geometry.coordinates] : feature.geometry.coordinates) as [number, number][][];
      for (const [x, y] of lines.flat()) {
        const p = map.project([x, y]);
        if (p.x > 100 && p.x < box.width - 460 && p.y > 100 && p.y < box.height - 100) return { x: p.x + box.left, y: p.y + box.top };
      }
    }
    return null;
  });
  expect(spot).not.toBeNull();
  await page.mouse.click(spot!.x, spot!.y);
  const panel = page.locator('.identify');
  await panel.locator('dl').waitFor();
  const road = panel.locator('.hit', { hasText: '道路' }).first();
  if (await road.count()) await road.click();
  expect(await panel.locator('.fields-layer').textContent()).toContain('道路');
  const titles = await panel.locator('dt').allTextContents();
  expect(titles.every((t) => HAN.test(t))).toBe(true);
  expect(titles.length).toBeGreaterThan(3);
  expect(await panel.locator('dl').textContent()).toMatch(/快速路|主干|次干|支路|国道|省道|县道|乡道|高速|匝道|内部|村道|专用|机耕|小路/);
  expect(errors).toEqual([]);
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await page.context().close();
});

test('an eye hides its layer and its theme, and shows them again', async () => {
  const { page } = await visit(browser, `${server.url}/${at(14)}`);
  await idle(page);
  expect((await rendered(page, 'transport.road')).length).toBeGreaterThan(0);
  const eye = page.locator('[data-layer="transport.road"] .eye');
  await eye.click();
  await idle(page);
  expect(await rendered(page, 'transport.road')).toEqual([]);
  expect(await eye.getAttribute('aria-checked')).toBe('false');
  const theme = page.locator('[data-theme="transport"] .theme-row .eye');
  expect(await theme.getAttribute('aria-checked')).toBe('mixed');
  await theme.click();
  await idle(page);
  expect((await rendered(page, 'transport.road')).length).toBeGreaterThan(0);
  expect(await theme.getAttribute('aria-checked')).toBe('true');
  await page.context().close();
});

test('light and dark switch, and the choice is remembered', async () => {
  const { page, errors } = await visit(browser, `${server.url}/${at(14)}`);
  await idle(page);
  const ground = () => page.evaluate(() => JSON.stringify(window.ditu.map.getStyle()?.layers[0]));
  const light = await ground();
  await page.locator('#theme-switch').click();
  await page.waitForFunction((before) => {
    const ground = window.ditu.map.getStyle()?.layers[0];
    return ground !== undefined && JSON.stringify(ground) !== before;
  }, light);
  await idle(page);
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  expect((await rendered(page, 'transport.road')).length).toBeGreaterThan(0);
  await page.goto('about:blank');
  await page.goto(`${server.url}/${at(14)}`);
  await idle(page);
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  expect(errors).toEqual([]);
  await page.context().close();
});

test('the first visit follows the system: dark', async () => {
  const { page } = await visit(browser, `${server.url}/${at(14)}`, { colorScheme: 'dark' });
  await idle(page);
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  await page.context().close();
});

test('English is whole: no Chinese is left in the frame', async () => {
  const { page } = await visit(browser, `${server.url}/${at(14)}`);
  await idle(page);
  await page.locator('#lang-switch').click();
  await page.locator('.panel h2', { hasText: 'Layers' }).waitFor();
  await idle(page);
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
  const texts = await page.locator('.tools, .panel, .coordinates, .scale').allInnerTexts();
  // 文 stands in the legend for labels, 中文 on the switch back.
  expect(texts.join(' ').replaceAll(/中?文/g, '')).not.toMatch(HAN);
  await page.context().close();
});

test('a link restores camera, style, hidden layers, language and grid', async () => {
  const link = `${server.url}/#map=15.50/29.04000/111.69000&style=dark&hide=transport.road,water.area&lang=en&gk=zone`;
  const { page } = await visit(browser, link);
  await idle(page);
  const now = await centre(page);
  expect(now.zoom).toBeCloseTo(15.5, 2);
  expect(now.lat).toBeCloseTo(29.04, 4);
  expect(now.lng).toBeCloseTo(111.69, 4);
  expect(await rendered(page, 'transport.road')).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  expect(await page.locator('.panel h2').textContent()).toBe('Layers');
  expect(await page.locator('#gk-form').inputValue()).toBe('4525');
  // What the reader changes goes into the address.
  await page.locator('[data-layer="water.area"] .eye').click();
  await page.waitForFunction(() => location.hash.includes('hide=transport.road&'));
  await page.context().close();
});

test('coordinates under the pointer agree with EPSG:4546 and 4525', async () => {
  const { page } = await visit(browser, `${server.url}/${at(18)}`);
  await idle(page);
  const box = (await page.locator('#map').boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const read = async () => {
    const text = await page.locator('.coordinates').innerText();
    return { n: Number(/N\s*([\d.]+)/.exec(text)![1]), e: Number(/E\s*([\d.]+)/.exec(text)![1]) };
  };
  const plain = await read();
  // The published vector of this point, to a metre: a pixel is 0.26 m here.
  expect(Math.abs(plain.n - 3212973.02)).toBeLessThan(1);
  expect(Math.abs(plain.e - 568041.26)).toBeLessThan(1);
  await page.locator('#gk-form').selectOption('4525');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  expect(Math.abs((await read()).e - 37568041.26)).toBeLessThan(1);
  await page.context().close();
});

test('"go to" understands grid coordinates and says so when it does not', async () => {
  const { page } = await visit(browser, `${server.url}/${at(11)}`);
  await idle(page);
  await page.keyboard.press('/');
  await page.keyboard.type('没有这个地方');
  await page.keyboard.press('Enter');
  await page.locator('#goto-wrong').waitFor();
  await page.locator('#goto').fill('3212973.02 37568041.26');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.ditu.map.getZoom() >= 15.9 && !window.ditu.map.isMoving());
  const now = await centre(page);
  expect(now.lng).toBeCloseTo(CITY.lon, 4);
  expect(now.lat).toBeCloseTo(CITY.lat, 4);
  await page.context().close();
});

test('everything works from the keyboard alone', async () => {
  const { page } = await visit(browser, `${server.url}/${at(16)}`);
  await idle(page);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS');
  const before = await centre(page);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((lng) => window.ditu.map.getCenter().lng > lng && !window.ditu.map.isMoving(), before.lng);
  await page.keyboard.press('+');
  await page.waitForFunction((zoom) => window.ditu.map.getZoom() >= zoom + 0.99 && !window.ditu.map.isMoving(), before.zoom);
  await page.keyboard.press('Enter');
  await page.locator('.identify .fields, .identify .identify-none').first().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.identify').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  // From the top of the page to the first eye by Tab, off with the space bar, down by arrow.
  await page.locator('.brand').click();
  for (let i = 0; i < 30 && !(await page.evaluate(() => document.activeElement?.classList.contains('eye'))); i++) await page.keyboard.press('Tab');
  const eye = () => page.evaluate(() => ({ label: document.activeElement?.getAttribute('aria-label'), on: document.activeElement?.getAttribute('aria-checked') }));
  const first = await eye();
  await page.keyboard.press('Space');
  expect(await eye()).toEqual({ label: first.label, on: 'false' });
  await page.keyboard.press('ArrowDown');
  expect((await eye()).label).not.toBe(first.label);
  await page.context().close();
});

test('print makes a PNG with the map in it', async () => {
  const { page, errors } = await visit(browser, `${server.url}/${at(15)}`);
  await idle(page);
  await page.keyboard.press('p');
  await page.locator('input[name=title]').fill('武陵区示例图');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('button[type=submit]').click()]);
  expect(download.suggestedFilename()).toBe('武陵区示例图.png');
  const png = readFileSync(await download.path());
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const map = (await page.locator('#map').boundingBox())!;
  expect(width).toBeGreaterThan(map.width * 2);
  expect(height).toBeGreaterThan(map.height * 2);
  // Many colours where the map is: a blank drawing buffer would have one.
  const colours = await page.evaluate(async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    const g = canvas.getContext('2d')!;
    g.drawImage(image, 0, 0);
    const pixels = new Uint32Array(g.getImageData(200, 400, 900, 500).data.buffer);
    return new Set(pixels).size;
  }, png.toString('base64'));
  expect(colours).toBeGreaterThan(20);
  await page.locator('dialog').waitFor({ state: 'detached' });
  expect(errors).toEqual([]);
  await page.context().close();
});
