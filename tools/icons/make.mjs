// Draws the icons of the installed page, static/icons/*.png, from the seal in static/icon.svg, with the Chromium of the
// tests: `node tools/icons/make.mjs`, after `cargo xtask test` has installed playwright-core. Run it when the seal
// changes, and commit what it writes.
//
// `any` icons are the seal as it is. Systems cut `maskable` ones to a circle or another shape, of which only the middle
// four fifths are sure to be seen: there the stone fills everything, and the character stands in the middle.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const TESTS = path.join(ROOT, 'tests/e2e');
const { chromium } = createRequire(path.join(TESTS, 'package.json'))('playwright-core');
const { executable } = await import(path.join(TESTS, 'lib/browser.mjs'));

/** File, pixels, and whether it may be cut. */
const ICONS = [
  ['any-192.png', 192, false],
  ['any-512.png', 512, false],
  ['maskable-512.png', 512, true],
  // iOS rounds the corners by itself.
  ['apple-180.png', 180, true],
];
/** How much of the edge the seal takes where it may be cut: its character then lies within the safe circle. */
const SHARE = 0.86;

const seal = readFileSync(path.join(ROOT, 'static/icon.svg'), 'utf8');
const [, stone] = /<path fill="(#[0-9a-f]{6})"/.exec(seal);

const browser = await chromium.launch({ executablePath: executable(), chromiumSandbox: process.getuid?.() !== 0 });
const page = await browser.newPage();
for (const [name, pixels, cut] of ICONS) {
  const edge = cut ? pixels * SHARE : pixels;
  const source = `data:image/svg+xml;base64,${Buffer.from(seal).toString('base64')}`;
  const body = `margin:0;height:100vh;display:grid;place-content:center;background:${cut ? stone : 'transparent'}`;
  await page.setViewportSize({ width: pixels, height: pixels });
  await page.setContent(`<body style="${body}"><img src="${source}" width="${edge}" height="${edge}">`);
  await page.locator('img').evaluate((image) => image.decode());
  const bytes = await page.screenshot({ omitBackground: !cut });
  writeFileSync(path.join(ROOT, 'static/icons', name), bytes);
  console.log(`${name}: ${bytes.length} bytes`);
}
await browser.close();
