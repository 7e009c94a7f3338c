// Another city than the home case: the pages open there, carry its name and show its coordinates.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { centre, idle, launch, otherCity, site, visit, type Site } from './harness';

const SETTINGS = `
[city]
name = { zh = "格尔利茨", en = "Görlitz" }
box = [14.88, 51.08, 15.06, 51.22]
view = { centre = [14.987, 51.153], zoom = 13.5 }
zones = [25833, 32633]
`;
const road = (code: string, name: string, lon: number, lat: number) => ({
  type: 'Feature', properties: { LDBM: code, DLMC: name, 道路等级: '主干路' },
  geometry: { type: 'LineString', coordinates: [[lon - 0.01, lat], [lon + 0.01, lat + 0.004]] },
});
const ROADS = { type: 'FeatureCollection', features: [road('G1', 'Obermarkt', 14.985, 51.155), road('G2', 'Berliner Straße', 14.982, 51.15)] };

let home: Site;
let town: Site | null;
let browser: Browser;
beforeAll(async () => {
  [home, town, browser] = await Promise.all([site(), otherCity(SETTINGS, ROADS), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([home?.stop(), town?.stop()]);
});

test('the home case has its name in bar and title', async () => {
  const { page, errors } = await visit(browser, home.url);
  await idle(page);
  expect(await page.locator('.brand-city').textContent()).toBe('常德市');
  expect(await page.title()).toBe('常德市共用地图 · 底图');
  expect(await page.locator('#gk-form option').allTextContents()).toEqual(['3° 带（不含带号）EPSG:4546', '3° 37 带（含带号）EPSG:4525']);
  expect(errors).toEqual([]);
  await page.context().close();
});

// The stand-in knows one city: only the server can be told of another.
describe.runIf(process.env['DITU_BIN'])('a town in Germany', () => {
  test('the viewer starts there, in both languages', async () => {
    const { page, errors } = await visit(browser, town!.url);
    await idle(page);
    const now = await centre(page);
    expect(now.lng).toBeCloseTo(14.987, 4);
    expect(now.lat).toBeCloseTo(51.153, 4);
    expect(now.zoom).toBeCloseTo(13.5, 2);
    expect(await page.locator('.brand-city').textContent()).toBe('格尔利茨');
    await page.locator('#lang-switch').click();
    await page.locator('.panel h2', { hasText: 'Layers' }).waitFor();
    expect(await page.title()).toBe('Görlitz · the shared map · Ditu');
    expect(await page.locator('#gk-form option').allTextContents()).toEqual(['ETRS89 / UTM 33N, EPSG:25833', 'WGS 84 / UTM 33N, EPSG:32633']);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('"go to" reads its coordinates in either order and gives examples from there', async () => {
    const { page } = await visit(browser, `${town!.url}/#map=12/51.1/14.9&lang=en`);
    await idle(page);
    await page.locator('#goto').fill('no such place');
    await page.keyboard.press('Enter');
    expect(await page.locator('#goto-wrong').textContent()).toContain('14.9870, 51.1530');
    for (const typed of ['51.153, 14.987', '14.987, 51.153', '5666839.37 499090.80']) {
      await page.evaluate(() => window.ditu.map.jumpTo({ center: [14.9, 51.1], zoom: 12 }));
      await page.locator('#goto').fill(typed);
      await page.keyboard.press('Enter');
      await page.waitForFunction(() => window.ditu.map.getZoom() >= 15.9 && !window.ditu.map.isMoving());
      const now = await centre(page);
      expect(now.lng).toBeCloseTo(14.987, 4);
      expect(now.lat).toBeCloseTo(51.153, 4);
    }
    await page.context().close();
  });
});
