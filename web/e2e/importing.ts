// What the tests of the import page share: a server with nothing in it, files given, and what every step must look like.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launch } from './harness';

const pictures = fileURLToPath(new URL('./screenshots', import.meta.url));
export const binary = process.env['DITU_BIN'] ?? '';

export interface Desk {
  /** A folder of the test's own, gone afterwards. */
  dir: string;
  url: string;
  token: string;
  browser: Browser;
  /** The number of features of a layer. */
  items(layer: string): Promise<number>;
  close(): Promise<void>;
}

/** The binary DITU_BIN on an empty folder, and a browser. */
export async function openDesk(): Promise<Desk> {
  if (!binary) throw new Error('DITU_BIN names the server to test against; scripts/test.sh sets it');
  mkdirSync(pictures, { recursive: true });
  const dir = mkdtempSync(join(tmpdir(), 'ditu-import-'));
  const server = spawn(binary, ['--data', join(dir, 'data'), 'serve', '--addr', '127.0.0.1:0', '--public', 'all'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  const [url, token] = await new Promise<[string, string]>((found, failed) => {
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
      const link = /(http:\/\/[\d.]+:\d+)\/import\.html#token=(\w+)/.exec(said);
      if (link) found([link[1]!, link[2]!]);
    });
    server.on('exit', (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const browser = await launch();
  return {
    dir,
    url,
    token,
    browser,
    items: async (layer) => ((await (await fetch(`${url}/collections/${layer}`)).json()) as { count: number }).count,
    close: async () => {
      await browser.close();
      server.removeAllListeners('exit');
      server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const shot = (page: Page, name: string) => page.screenshot({ path: join(pictures, `import-${name}.png`) });
export const give = (page: Page, paths: string[], rename = (name: string) => name) =>
  page.locator('#files').setInputFiles(paths.map((path) => ({ name: rename(basename(path)), mimeType: 'application/octet-stream', buffer: readFileSync(path) })));

/** Nothing is wider than the page, and no two cards lie over each other. */
export async function tidy(page: Page): Promise<void> {
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

export async function commit(page: Page): Promise<void> {
  await page.locator('#commit').click();
  await page.locator('.done h2').waitFor();
  expect(await page.locator('.done h2').textContent()).toBe('已入库');
}
