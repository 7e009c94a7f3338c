// The import page against the real server: what somebody does who knows GIS and not Ditu.

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { axeFindings, LARGE, SMALL, visit } from './harness';
import { binary, commit, give, openDesk, shot, tidy, type Desk } from './importing';

let desk: Desk;
let { dir, url, token, browser, items }: Desk = {} as Desk;

beforeAll(async () => {
  desk = await openDesk();
  ({ dir, url, token, browser, items } = desk);
  const made = spawnSync(binary, ['sample', join(dir, 'city')]);
  expect(made.status).toBe(0);
});
afterAll(() => desk?.close());

/** Place names as an office delivers them, without .prj and .cpg: GBK text, eastings with their zone. GDAL writes them. */
function placeNames(name: string): string[] {
  const features = Array.from({ length: 120 }, (_, i) => ({
    type: 'Feature',
    properties: { 地名: `${'武陵鼎城安乡汉寿澧县临澧桃源石门津市'[i % 18]}家坪${i + 1}村`, 类别: '村庄', 高程: 30 + (i % 90), 编号: 1783636 + i },
    geometry: { type: 'Point', coordinates: [111.2 + (i % 12) * 0.07, 28.7 + Math.floor(i / 12) * 0.1] },
  }));
  const from = join(dir, `${name}.geojson`);
  writeFileSync(from, JSON.stringify({ type: 'FeatureCollection', features }));
  const to = join(dir, `${name}.shp`);
  const made = spawnSync('ogr2ogr', ['-f', 'ESRI Shapefile', '-s_srs', 'EPSG:4490', '-t_srs', 'EPSG:4525', '-lco', 'ENCODING=CP936', to, from], { encoding: 'utf8' });
  expect(made.stderr).toBe('');
  return ['shp', 'shx', 'dbf'].map((ending) => to.replace(/shp$/, ending));
}

/** A control point and an area with a hole that no layer takes, in the exchange format of land survey (VCT 3.0). */
const VCT = `HeadBegin
DataMark:LANDUSE-VCT
Version:3.0
CoordinateSystemType:P
Dim:2
XAxisDirection:E
YAxisDirection:N
XYUnit:M
Spheroid:CGCS2000,6378137.0,298.257222101
PrimeMeridian:Greenwich
Projection:高斯-克吕格投影
Parameters:111,1,37500000,0,3,37
VerticalDatum:1985国家高程基准
ExtentMin:37569000,3213500
ExtentMax:37569300,3213800
MapScale:2000
Offset:0,0
Separator:,
HeadEnd
FeatureCodeBegin
1000100100,控制点,Point,CLKZD
2001010100,图斑,Polygon,DLTB
FeatureCodeEnd
TableStructureBegin
CLKZD,3
BSM,Char,18
YSDM,Char,10
KZDMC,Char,50
0
DLTB,3
BSM,Char,18
YSDM,Char,10
DLBM,Char,5
0
TableStructureEnd
PointBegin
1
1000100100
unknown
1
37569120.5,3213610.25
0
PointEnd
LineBegin
11
1099000000
unknown
1
1
11
5
37569000,3213700
37569200,3213700
37569200,3213500
37569000,3213500
37569000,3213700
0
12
1099000000
unknown
1
1
11
5
37569020,3213680
37569020,3213660
37569040,3213660
37569040,3213680
37569020,3213680
0
LineEnd
PolygonBegin
101
2001010100
unknown
100
37569070,3213530
21
3
11,0,12
0
PolygonEnd
AttributeBegin
CLKZD
1,430702000000000001,1000100100,沅江边一号
TableEnd
DLTB
101,430702000000000101,2001010100,0101
TableEnd
AttributeEnd
`;

test('a GBK shapefile without .prj, by answering two questions on a map', async () => {
  const { page, errors, foreign } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('.drop').waitFor();
  expect(page.url()).not.toContain(token);
  await shot(page, 'shp-1-files');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  await give(page, placeNames('甲方提供'));

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
  const buffer = Buffer.from(VCT);
  await page.locator('#files').setInputFiles([{ name: '控制点.vct', mimeType: 'application/octet-stream', buffer }]);
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

test('two pairs of coordinates, by looking at where each lies', async () => {
  const { page, errors } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('.drop').waitFor();
  // The old pair lies 77 m from the new one, and the columns stand in the order that some offices like.
  const rows = [0, 100, 200].map((d, i) => `S${i + 1},${i + 1}号站,${568062 + d},${3212855 + d},${568000 + d},${3212900 + d}`);
  const buffer = Buffer.from(`站点编号,站点名称,旧Y,旧X,新Y,新X\n${rows.join('\n')}\n`);
  await page.locator('#files').setInputFiles([{ name: '公交站点.csv', mimeType: 'text/csv', buffer }]);
  await page.locator('[data-kind=coordinates]').waitFor();
  expect(await page.locator('[data-kind=coordinates] > p').textContent()).toContain('76.6 m');
  expect(await page.locator('[data-kind=coordinates] label b').allTextContents()).toEqual(['新X,新Y', '旧X,旧Y']);
  const drawn = () => page.evaluate(() => {
    const all = (window as unknown as { ditu: { map: { getStyle(): { sources: Record<string, { data?: { features?: { geometry: { coordinates: number[] } }[] } }> } } } }).ditu.map.getStyle().sources;
    return Object.values(all).flatMap((s) => s.data?.features ?? []).length;
  });
  // Three places of each pair, then of the chosen one alone.
  await expect.poll(drawn).toBe(6);
  await page.locator('[data-kind=coordinates] label', { hasText: '新X,新Y' }).locator('input').check();
  await expect.poll(drawn).toBe(3);
  await page.waitForTimeout(1500);
  await shot(page, 'pairs-1-question');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  await page.locator('.questions button[type=submit]').click();
  await page.locator('[data-kind=crs]').waitFor();
  await page.locator('[data-kind=crs] label', { hasText: 'EPSG:4546' }).locator('input').check();
  await page.locator('.questions button[type=submit]').click();
  await page.getByRole('button', { name: '开始检查' }).waitFor();
  expect(await page.locator('.dataset').textContent()).toContain('取“新X、新Y”');
  await shot(page, 'pairs-2-recognised');
  await page.getByRole('button', { name: '开始检查' }).click();
  await page.locator('.counts').waitFor();
  await commit(page);
  expect(errors).toEqual([]);
  await page.context().close();
});

test('a copy beside the file: which one it is, by one answer with both on the map', async () => {
  const { page, errors } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await page.locator('.drop').waitFor();
  const stops = (n: number, word: string, day: string) =>
    Buffer.from(`站点编号,站点名称,站点类型,经度,纬度,更新日期\n${Array.from({ length: n }, (_, i) => `ZD${i},${word}${i}站,公交,${(111.69 + i * 1e-3).toFixed(4)},29.04,${day}`).join('\n')}\n`);
  await page.locator('#files').setInputFiles([
    { name: '站点 - 副本.csv', mimeType: 'text/csv', buffer: stops(9, '旧', '2023-06-01') },
    { name: '站点.csv', mimeType: 'text/csv', buffer: stops(10, '现', '2024-06-01') },
  ]);
  const take = page.locator('[data-kind=take]');
  const submit = page.locator('.questions button[type=submit]');
  await page.locator('.question').first().waitFor();
  // Degrees without a word may be those of an internet map: that is asked first, of both.
  for (const crs of await page.locator('[data-kind=crs]').all()) await crs.locator('.other input').fill('EPSG:4490');
  if (!(await take.isVisible())) await submit.click();
  await take.waitFor();
  expect(await take.locator('label').allTextContents()).toEqual([expect.stringMatching(/^站点\.csv.*10 个.*2024-06-01/), expect.stringMatching(/副本.*9 个.*2023-06-01/)]);
  await take.locator('label', { hasText: '2024-06-01' }).locator('input').check();
  await page.waitForTimeout(1500);
  await shot(page, 'copy-1-which');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  await submit.click();
  await page.getByRole('button', { name: '开始检查' }).waitFor();
  expect(await page.locator('.dataset').count()).toBe(1);
  await page.getByRole('button', { name: '开始检查' }).click();
  await page.locator('.counts').waitFor();
  await commit(page);
  expect(await items('transport.stop')).toBe(10);
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

test('a delivery that would remove 900 of 1000 parcels asks, and a part of them does not', async () => {
  const { page, errors } = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  const feature = (i: number) => {
    const [x, y] = [111.69 + (i % 40) * 4e-4, 29.04 + Math.floor(i / 40) * 4e-4];
    const ring = [[x, y], [x + 3e-4, y], [x + 3e-4, y + 3e-4], [x, y + 3e-4], [x, y]];
    return { type: 'Feature', properties: { ZDDM: `430702001001GB${String(i).padStart(5, '0')}`, QLR: `户主${i}` }, geometry: { type: 'Polygon', coordinates: [ring] } };
  };
  const parcels = (n: number) => Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: Array.from({ length: n }, (_, i) => feature(i)) }));
  const deliver = async (n: number) => {
    await page.locator('#files').setInputFiles([{ name: '宗地.geojson', mimeType: 'application/geo+json', buffer: parcels(n) }]);
    await page.getByRole('button', { name: '开始检查' }).click();
    await page.locator('.counts').waitFor();
  };
  await page.locator('.drop').waitFor();
  await deliver(1000);
  expect(await page.locator('.ask').count()).toBe(0);
  await commit(page);
  await page.getByRole('button', { name: '导入下一批' }).click();
  await page.locator('.drop').waitFor();

  await deliver(100);
  await page.locator('.ask[data-kind=removal]').waitFor();
  expect(await page.locator('.ask').textContent()).toContain('现有 1000 个要素中有 900 个');
  expect(await page.locator('#commit').isDisabled()).toBe(true);
  await page.waitForTimeout(1500);
  await shot(page, 'removal-1-asked');
  await tidy(page);
  expect(await axeFindings(page)).toEqual([]);
  // What covers only a part replaces only that: there is nothing to ask, and nothing changes.
  await page.getByRole('button', { name: /只是一部分/ }).click();
  await page.getByText('与现有数据相同').waitFor();
  expect(await page.locator('.ask').count()).toBe(0);
  await commit(page);
  expect(await items('cadastre.parcel')).toBe(1000);
  await page.getByRole('button', { name: '导入下一批' }).click();

  await deliver(100);
  await page.locator('.ask label', { hasText: '确认删除这 900 个要素' }).locator('input').check();
  await commit(page);
  expect(await items('cadastre.parcel')).toBe(100);
  expect(errors).toEqual([]);
  await page.context().close();
});
