// The import page against the real server: what somebody does who knows GIS and not Ditu.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings, LARGE, launch, SMALL, visit } from './harness';

const shared = process.env['DITU_TEST_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const pictures = fileURLToPath(new URL('./screenshots', import.meta.url));
const binary = process.env['DITU_BIN'] ?? '';

let dir: string;
let url: string;
let token: string;
let server: ReturnType<typeof spawn>;
let browser: Browser;

beforeAll(async () => {
  if (!binary) throw new Error('DITU_BIN names the server to test against; scripts/test.sh sets it');
  mkdirSync(pictures, { recursive: true });
  dir = mkdtempSync(join(tmpdir(), 'ditu-import-'));
  server = spawn(binary, ['--data', join(dir, 'data'), 'serve', '--addr', '127.0.0.1:0', '--public', 'all'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  token = await new Promise<string>((found, failed) => {
    server.stdout!.on('data', (chunk: Buffer) => {
      said += chunk;
      const link = /(http:\/\/[\d.]+:\d+)\/import\.html#token=(\w+)/.exec(said);
      if (!link) return;
      url = link[1]!;
      found(link[2]!);
    });
    server.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const made = spawnSync(binary, ['sample', join(dir, 'city')]);
  expect(made.status).toBe(0);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  server?.removeAllListeners('exit');
  server?.kill();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

const shot = (page: Page, name: string) => page.screenshot({ path: join(pictures, `import-${name}.png`) });
const give = (page: Page, paths: string[], rename = (name: string) => name) =>
  page.locator('#files').setInputFiles(paths.map((path) => ({ name: rename(basename(path)), mimeType: 'application/octet-stream', buffer: readFileSync(path) })));

/** Nothing is wider than the page, and no two cards lie over each other. */
async function tidy(page: Page): Promise<void> {
  const wrong = await page.evaluate(() => {
    const out: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) out.push(`the page is ${document.documentElement.scrollWidth} wide`);
    const cards = [...document.querySelectorAll('.steps > *')].map((e) => [e.className, e.getBoundingClientRect()] as const);
    for (let i = 1; i < cards.length; i++) if (cards[i]![1].top < cards[i - 1]![1].bottom - 1) out.push(`${cards[i]![0]} lies over ${cards[i - 1]![0]}`);
    for (const e of document.querySelectorAll('.steps button, .steps input, .steps legend')) {
      const box = e.getBoundingClientRect();
      if (box.width > 0 && e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflow === 'visible') out.push(`${e.textContent} is cut`);
    }
    return out;
  });
  expect(wrong).toEqual([]);
}

async function commit(page: Page): Promise<void> {
  await page.locator('#commit').click();
  await page.locator('.done h2').waitFor();
  expect(await page.locator('.done h2').textContent()).toBe('已入库');
}

const items = async (layer: string) => ((await (await fetch(`${url}/collections/${layer}`)).json()) as { count: number }).count;

test('a GBK shapefile without .prj, by answering two questions on a map', async () => {
  const { page, errors, foreign } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('.drop').waitFor();
  expect(page.url()).not.toContain(token);
  await shot(page, 'shp-1-files');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  const stem = join(shared, 'survey/shp-encodings/derived-changde/gbk_cgcs2000_gk37_noprj');
  await give(page, ['shp', 'shx', 'dbf'].map((e) => `${stem}.${e}`), (name) => name.replace('gbk_cgcs2000_gk37_noprj', '甲方提供'));

  await page.locator('.question').first().waitFor();
  expect(await page.locator('.question').evaluateAll((all) => all.map((e) => (e as HTMLElement).dataset['kind']))).toEqual(['layer', 'crs']);
  expect(await page.locator('.questions button[type=submit]').isDisabled()).toBe(true);
  await page.locator('[data-kind=layer] label', { hasText: 'placename.place' }).locator('input').check();
  await page.locator('[data-kind=crs] label', { hasText: 'EPSG:4525' }).locator('input').check();
  await page.waitForTimeout(1500);
  await shot(page, 'shp-2-questions');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  await page.locator('.questions button[type=submit]').click();

  await page.locator('.dataset').waitFor();
  const said = (await page.locator('.dataset').textContent())!;
  expect(said).toContain('gb18030');
  expect(said).toMatch(/如：.*\p{Script=Han}/u);
  await shot(page, 'shp-3-recognised');
  await tidy(page);
  await page.getByRole('button', { name: '开始检查' }).click();
  await page.locator('.counts').waitFor();
  await page.waitForTimeout(1500);
  await shot(page, 'shp-4-checked');
  await tidy(page);
  expect(await page.locator('.diff tbody tr').count()).toBe(1);
  await page.locator('#message').fill('测试：地名点');
  await commit(page);
  await shot(page, 'shp-5-committed');
  await tidy(page);
  expect(await items('placename.place')).toBeGreaterThan(100);
  expect(errors).toEqual([]);
  expect(foreign).toEqual([]);
  await page.context().close();
});

test('pipe tables in Excel, in English, on a wide screen', async () => {
  const { page, errors } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: LARGE });
  await page.locator('#lang-switch').click();
  await page.getByRole('heading', { name: 'Drop survey data here' }).waitFor();
  const folder = join(dir, 'city/09管网');
  await give(page, readdirSync(folder).map((f) => join(folder, f)));
  await page.locator('.question').first().waitFor();
  await page.locator('.question label', { hasText: 'EPSG:' }).first().locator('input').check();
  await page.waitForTimeout(1500);
  await shot(page, 'xlsx-1-questions');
  await tidy(page);
  await page.locator('.questions button[type=submit]').click();
  await page.locator('.dataset').nth(1).waitFor();
  await shot(page, 'xlsx-2-recognised');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.locator('.counts').waitFor();
  await page.waitForTimeout(1500);
  await shot(page, 'xlsx-3-checked');
  await tidy(page);
  await page.locator('#commit').click();
  await page.locator('.done h2', { hasText: 'Committed' }).waitFor();
  await shot(page, 'xlsx-4-committed');
  expect(await items('pipeline.node')).toBeGreaterThan(1000);
  expect(await items('pipeline.line')).toBeGreaterThan(1000);
  expect(errors).toEqual([]);
  await page.context().close();
});

test('a VCT file, its control point and what it says of itself', async () => {
  const { page, errors } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('.drop').waitFor();
  await give(page, [join(shared, 'survey/china-samples/vct3_hole.vct')]);
  await page.locator('.dataset').waitFor();
  expect(await page.locator('.dataset').textContent()).toContain('VCT 所述');
  await shot(page, 'vct-1-recognised');
  await tidy(page);
  await page.getByRole('button', { name: '开始检查' }).click();
  await page.locator('.counts').waitFor();
  await page.locator('.group').first().click();
  await page.waitForTimeout(1500);
  await shot(page, 'vct-2-checked');
  await tidy(page);
  await commit(page);
  await shot(page, 'vct-3-committed');
  expect(await items('control.point')).toBe(1);
  expect(errors).toEqual([]);
  await page.context().close();
});

test('spot heights of 1956 at degrees.minutes and seconds, by two answers', async () => {
  const { page, errors } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('.drop').waitFor();
  const two = (n: number) => String(n).padStart(2, '0');
  const rows = Array.from({ length: 30 }, (_, i) => `${i + 1},111.${two((i * 7) % 60)}${two((i * 11) % 60)}${two((i * 13) % 100)},29.${two((i * 17) % 60)}${two((i * 19) % 60)}${two((i * 3) % 100)},${(30 + i / 10).toFixed(2)}`);
  const buffer = Buffer.from(`编号,经度,纬度,H56\n${rows.join('\n')}\n`);
  await page.locator('#files').setInputFiles([{ name: '高程点.csv', mimeType: 'text/csv', buffer }]);
  await page.locator('.question').first().waitFor();
  expect(await page.locator('.question').evaluateAll((all) => all.map((e) => (e as HTMLElement).dataset['kind']))).toEqual(['crs']);
  await page.locator('[data-kind=crs] label', { hasText: 'DMS' }).locator('input').check();
  await page.waitForTimeout(1500);
  await shot(page, 'dms-1-degrees');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  await page.locator('.questions button[type=submit]').click();
  await page.locator('[data-kind=heights]').waitFor();
  await page.locator('[data-kind=heights] .other input').fill('1956:-0.029');
  await shot(page, 'dms-2-heights');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  await page.locator('.questions button[type=submit]').click();
  // The table is shown beside the question already: the next step is what comes by the answer.
  await page.getByRole('button', { name: '开始检查' }).waitFor();
  expect((await page.locator('.dataset').textContent())!).toMatch(/DMS.*1956/);
  await shot(page, 'dms-3-recognised');
  await tidy(page);
  await page.getByRole('button', { name: '开始检查' }).click();
  await page.locator('.counts').waitFor();
  await commit(page);
  expect(await items('terrain.spot')).toBe(30);
  expect(errors).toEqual([]);
  await page.context().close();
});

test('a file that is no map is refused in words, and the next try works', async () => {
  const { page } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('#files').setInputFiles([{ name: '合同.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 nothing') }]);
  await page.getByRole('heading', { name: '这批文件现在不能导入' }).waitFor();
  await page.getByText('合同.pdf').waitFor();
  await shot(page, 'refused');
  await tidy(page);
  await page.getByRole('button', { name: '重新开始' }).click();
  await page.locator('.drop').waitFor();
  await page.context().close();
});

test('an upload goes on after a reload, and a wrong token is told', async () => {
  const { page } = await visit(browser, `${url}/import.html`, { viewport: SMALL });
  await page.locator('#token').fill('0123456789abcdef');
  await page.getByRole('button', { name: '进入' }).click();
  await page.getByText('口令不对').waitFor();
  await page.locator('#token').fill(token);
  await page.getByRole('button', { name: '进入' }).click();
  await page.locator('.drop').waitFor();
  // Pieces are refused after the first, as by a network that fails.
  const big = { name: '大文件.csv', mimeType: 'text/csv', buffer: Buffer.alloc(9 << 20, '名称,经度,纬度\n') };
  let pieces = 0;
  await page.route(/\/imports\/[^/]+\/files\/\d+$/, (route) => (route.request().method() === 'PATCH' && pieces++ > 0 ? route.abort() : route.continue()));
  await page.locator('#files').setInputFiles([big]);
  await page.getByText('网络中断').waitFor();
  await shot(page, 'network');
  await page.unroute(/\/imports\/[^/]+\/files\/\d+$/);
  await page.reload();
  await page.locator('.earlier li', { hasText: '大文件' }).getByRole('button').click();
  await page.getByText('会从断点接着传').waitFor();
  await tidy(page);
  const sizes: number[] = [];
  page.on('request', (r) => r.method() === 'PATCH' && sizes.push(Number(r.headers()['upload-offset'])));
  await page.locator('#files').setInputFiles([big]);
  await page.locator('.question, .card h2', { hasText: /图层|不能导入|问题/ }).first().waitFor();
  expect(sizes[0]).toBe(4 << 20);
  await page.context().close();
});
