// Pictures of the city at four zooms in both styles, for people to look at: e2e/screenshots (not kept in git).

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, idle, LARGE, launch, site, SMALL, visit, type Site } from './harness';

const folder = fileURLToPath(new URL('./screenshots', import.meta.url));
let server: Site;
let browser: Browser;
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  server = await site();
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(['light', 'dark'].flatMap((style) => [10, 13, 16, 18].map((zoom) => [style, zoom] as const)))('%s at zoom %i', async (style, zoom) => {
  const { page, errors } = await visit(browser, `${server.url}/${at(zoom, `&style=${style}`)}`, { viewport: zoom === 16 ? LARGE : SMALL });
  await idle(page);
  await page.screenshot({ path: `${folder}/${style}-z${zoom}.png` });
  expect(errors).toEqual([]);
  await page.context().close();
});
