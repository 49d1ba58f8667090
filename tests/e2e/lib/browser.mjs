// Chromium with a fresh profile that is thrown away: storage survives a reload of the page, but not the test.

import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const QUIET = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
/** What every Chromium of these tests is started with. */
export const FLAGS = [...QUIET, ...SOFTWARE_WEBGPU];
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Opens a browser with one page: `{ page, errors, requests, close() }`.
 * `errors` are console errors and uncaught exceptions, workers' too; `requests` all URLs asked for, workers' too.
 * `preferences` are what a person has set in the browser, by Chromium's own names; `incognito` is a private window.
 */
export async function openBrowser({ webgpu = true, args = [], locale, preferences, incognito = false } = {}) {
  const profile = mkdtempSync(path.join(tmpdir(), 'inkstone-e2e-'));
  if (preferences) {
    mkdirSync(path.join(profile, 'Default'));
    writeFileSync(path.join(profile, 'Default/Preferences'), JSON.stringify(preferences));
  }
  const options = {
    executablePath: executable(),
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [...QUIET, ...(webgpu ? SOFTWARE_WEBGPU : []), ...args],
  };
  const browser = incognito && (await chromium.launch(options));
  const context = await (browser ? browser.newContext({ locale }) : chromium.launchPersistentContext(profile, { ...options, locale }));
  const errors = [];
  const requests = [];
  const watch = (page) => {
    page.on('pageerror', (error) => errors.push(`uncaught: ${error.message}`));
    page.on('crash', () => errors.push('the page crashed'));
    page.on('console', (message) => {
      if (process.env.INKSTONE_VERBOSE) console.error(`  [${message.type()}] ${message.text().slice(0, 2000)}`);
      if (message.type() === 'error') errors.push(message.text());
    });
  };
  context.on('request', (request) => requests.push(request.url()));
  context.on('page', watch);
  const page = context.pages()[0] ?? (await context.newPage());
  watch(page);
  const close = async () => {
    await context.close();
    if (browser) await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, page, errors, requests, close };
}

/** Where Chromium is. */
export function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const file of NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)))) {
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  throw new Error('there is no Chromium on PATH: install it, or name it: CHROMIUM=/path/to/chromium');
}
