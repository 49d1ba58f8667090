// The built site as a host has it: its files, the next build of it, and what the service worker has made of it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DIST } from './fixtures.mjs';

const MINUTE = 60_000;

/** A page that no service worker of the site sees, if it lies outside of the site's folder. */
export const BLANK = { body: '<!doctype html><meta charset="utf-8"><title>blank</title><link rel="icon" href="data:,">' };

/** What the next build calls itself. */
export const NEXT = 'feedfacefeedface';

/** Waits until the engine takes questions. */
export async function engineReady(page) {
  const element = page.locator(['ready', 'failed', 'unsupported'].map((state) => `[data-state="${state}"]`).join(', '));
  const state = element.and(page.getByTestId('engine-state'));
  await state.waitFor({ state: 'attached', timeout: 5 * MINUTE });
  assert.equal(await state.getAttribute('data-state'), 'ready');
}

/** Waits until a question to the page, which may take time to answer and be reloaded meanwhile, is answered with yes. */
export async function until(page, holds, argument) {
  const deadline = Date.now() + 2 * MINUTE;
  const reloaded = (error) => {
    if (!/context was destroyed/.test(error.message)) throw error;
  };
  while (!(await page.evaluate(holds, argument).catch(reloaded))) {
    assert.ok(Date.now() < deadline, `waited in vain for ${holds}`);
    await page.waitForTimeout(100);
  }
}

/** Waits until the service worker has all files and answers for this page. */
export function controlled(page) {
  return until(page, () => navigator.serviceWorker.controller !== null);
}

/** The addresses in every cache of the origin, by the cache's name. */
export function kept(page) {
  return page.evaluate(async () => {
    const found = {};
    for (const name of await caches.keys()) {
      found[name] = (await (await caches.open(name)).keys()).map((request) => request.url).sort();
    }
    return found;
  });
}

/** The names of all files of the built site. */
export function names() {
  const all = readdirSync(DIST, { recursive: true }).filter((name) => statSync(path.join(DIST, name)).isFile());
  return all.map((name) => name.replaceAll('\\', '/')).sort();
}

/** What of the built site must be kept, as addresses below `base`. */
export function siteFiles(base) {
  const edited = (name) => name === 'models.json' || name.endsWith('.digests.json');
  const own = (name) => name !== 'sw.js' && !/(^|\/)[._]|\.(map|br|gz)$/.test(name) && !edited(name);
  const page = (name) => own(name) && (name === 'guide.gguf' || !name.endsWith('.gguf'));
  const address = (name) => (name === 'index.html' ? base : base + name);
  return names().filter(page).map(address).sort();
}

/** The text of a file of the built site. */
export function text(name) {
  return readFileSync(path.join(DIST, name), 'utf8');
}

/**
 * What differs in the next build of the site below `folder`, as pages of a server: index.html says so, and so does the
 * worker, under the name that it has in every build.
 */
export function nextBuild(folder) {
  const digest = (text) => createHash('sha256').update(text).digest('hex');
  const files = {
    'index.html': [folder, (html) => html.replace('</title>', `</title><meta name="build" content="${NEXT}" />`)],
    'worker_loader.js': [`${folder}worker_loader.js`, (script) => `globalThis.build = '${NEXT}';${script}`],
  };
  const pages = {};
  let worker = text('sw.js').replace(/const BUILD = "[0-9a-f]+"/, `const BUILD = "${NEXT}"`);
  for (const [name, [address, change]] of Object.entries(files)) {
    const body = change(text(name));
    assert.ok(worker.includes(digest(text(name))), `sw.js knows ${name}`);
    worker = worker.replace(digest(text(name)), digest(body));
    pages[address] = { body };
  }
  return { ...pages, [`${folder}sw.js`]: { body: worker } };
}

/** Whether a page is of the next build. */
export async function isNext(page) {
  return (await page.locator(`meta[name="build"][content="${NEXT}"]`).count()) === 1;
}

/** Has the browser look for a new build, and waits until one is kept and waits. */
export async function findNext(page) {
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  await until(page, async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting));
}
