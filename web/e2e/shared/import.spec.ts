// The import page over real files of ../shared/data, which are no part of the project.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SMALL, visit } from '../harness';
import { commit, give, openDesk, tidy, type Desk } from '../importing';

const shared = process.env['DITU_TEST_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
let desk: Desk;

beforeAll(async () => {
  if (!existsSync(shared)) throw new Error(`${shared} is missing; DITU_TEST_DATA names the folder`);
  desk = await openDesk();
});
afterAll(() => desk?.close());

async function page() {
  const { url, token, browser } = desk;
  const visited = await visit(browser, `${url}/import.html#token=${token}`, { viewport: SMALL });
  await visited.page.locator('.drop').waitFor();
  return visited;
}

test('towns in GBK without .prj, by two answers', async () => {
  const { page: at, errors } = await page();
  const stem = join(shared, 'survey/shp-encodings/derived-changde/gbk_cgcs2000_gk37_noprj');
  await give(at, ['shp', 'shx', 'dbf'].map((e) => `${stem}.${e}`), (name) => name.replace('gbk_cgcs2000_gk37_noprj', '甲方提供'));
  await at.locator('[data-kind=layer] label', { hasText: 'placename.place' }).locator('input').check();
  await at.locator('[data-kind=crs] label', { hasText: 'EPSG:4525' }).locator('input').check();
  await at.locator('.questions button[type=submit]').click();
  await at.locator('.dataset').waitFor();
  expect(await at.locator('.dataset').textContent()).toContain('gb18030');
  await at.getByRole('button', { name: '开始检查' }).click();
  await at.locator('.counts').waitFor();
  await tidy(at);
  await commit(at);
  expect(await desk.items('placename.place')).toBe(162);
  expect(errors).toEqual([]);
  await at.context().close();
});

test('a VCT file with a control point and an area with a hole', async () => {
  const { page: at, errors } = await page();
  await give(at, [join(shared, 'survey/china-samples/vct3_hole.vct')]);
  await at.locator('.dataset').waitFor();
  expect(await at.locator('.dataset').textContent()).toContain('VCT 所述');
  await at.getByRole('button', { name: '开始检查' }).click();
  await at.locator('.counts').waitFor();
  await commit(at);
  expect(await desk.items('control.point')).toBe(1);
  expect(errors).toEqual([]);
  await at.context().close();
});
