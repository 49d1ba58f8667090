// The page without a network: one complete visit, and the next one needs no host. A new build never mixes with the one
// that is open, and nothing but the site's own files is kept.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST } from './lib/fixtures.mjs';
import { ask } from './lib/page.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;

/** A page that the service worker does not see: it lies outside of the site's folder. */
const BLANK = { body: '<!doctype html><meta charset="utf-8"><title>blank</title><link rel="icon" href="data:,">' };
const QUESTION = ['Is my data sent anywhere?', /leaves your device/];

/** Waits until the engine takes questions. */
async function engineReady(page) {
  const element = page.locator(['ready', 'failed', 'unsupported'].map((state) => `[data-state="${state}"]`).join(', '));
  const state = element.and(page.getByTestId('engine-state'));
  await state.waitFor({ state: 'attached', timeout: 5 * MINUTE });
  assert.equal(await state.getAttribute('data-state'), 'ready');
}

/** Waits until a question to the page, which may take time to answer, is answered with yes. */
async function until(page, holds, argument) {
  const deadline = Date.now() + 2 * MINUTE;
  while (!(await page.evaluate(holds, argument))) {
    assert.ok(Date.now() < deadline, `waited in vain for ${holds}`);
    await page.waitForTimeout(100);
  }
}

/** Waits until the service worker has all files and answers for this page. */
function controlled(page) {
  return until(page, () => navigator.serviceWorker.controller !== null);
}

/** The addresses in every cache of the origin, by the cache's name. */
function kept(page) {
  return page.evaluate(async () => {
    const found = {};
    for (const name of await caches.keys()) {
      found[name] = (await (await caches.open(name)).keys()).map((request) => request.url).sort();
    }
    return found;
  });
}

/** What of the built site must be kept, as addresses below `base`. */
function siteFiles(base) {
  const names = readdirSync(DIST, { recursive: true }).filter((name) => statSync(path.join(DIST, name)).isFile());
  const own = (name) => name !== 'sw.js' && !/(^|[/\\])[._]|\.(map|br|gz)$/.test(name);
  const page = (name) => own(name) && (name === 'guide.gguf' || !name.endsWith('.gguf'));
  const address = (name) => (name === 'index.html' ? base : base + name.replaceAll('\\', '/'));
  return names.filter(page).map(address).sort();
}

/** The pages of another build of the site below `folder`: one line of index.html differs, and so the service worker. */
function nextBuild(folder) {
  const html = readFileSync(path.join(DIST, 'index.html'), 'utf8');
  const digest = (text) => createHash('sha256').update(text).digest('hex');
  const newHtml = html.replace('</title>', '</title><meta name="build" content="next" />');
  const script = readFileSync(path.join(DIST, 'sw.js'), 'utf8');
  const newScript = script
    .replace(/const BUILD = "[0-9a-f]+"/, 'const BUILD = "feedfacefeedface"')
    .replace(digest(html), digest(newHtml));
  assert.ok(newScript.includes('feedface') && newScript.includes(digest(newHtml)), 'sw.js names build and page');
  return { [folder]: { body: newHtml }, [`${folder}sw.js`]: { body: newScript } };
}

const VISITS = [
  { locale: 'en-GB', folder: '/', question: QUESTION },
  { locale: 'zh-CN', folder: '/some/folder/', question: ['我的数据会上传吗？', /不会离开你的设备/] },
];

for (const { locale, folder, question: [question, right] } of VISITS) {
  describe(`without a network, in ${locale}, from ${folder}`, { timeout: 15 * MINUTE }, () => {
    let server;
    let browser;
    let page;

    before(async () => {
      const model = { type: 'application/octet-stream', body: 'a model beside the page' };
      server = await serve({ mounts: { [folder]: DIST }, pages: { [`${folder}other.gguf`]: model } });
      browser = await openBrowser({ args: [`--lang=${locale}`], locale });
      page = browser.page;
      await page.goto(server.origin + folder);
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    test('the first visit keeps every file of the site', async () => {
      await controlled(page);
      const caches = Object.entries(await kept(page));
      assert.equal(caches.length, 1);
      const [[name, addresses]] = caches;
      assert.match(name, /^inkstone-[0-9a-f]{16}@/);
      assert.deepEqual(addresses, siteFiles(server.origin + folder));
      assert.ok(addresses.includes(`${server.origin}${folder}guide.gguf`), 'the built-in model is kept');
    });

    test('ranges, other addresses and other models go to the host, and are not kept', async () => {
      const before = await kept(page);
      const asked = await page.evaluate(async () => {
        const range = await fetch('./guide.gguf', { headers: { Range: 'bytes=0-3' } });
        const model = await fetch('./other.gguf');
        const query = await fetch('./guide.gguf?other');
        await query.body.cancel();
        return [range.status, await range.text(), model.status, await model.text(), query.status];
      });
      assert.deepEqual(asked, [206, 'GGUF', 200, 'a model beside the page', 200]);
      assert.deepEqual(await kept(page), before);
    });

    test('the next one opens and answers', async () => {
      await engineReady(page);
      // The browser's emulation alone may not hold for this machine.
      await browser.context.setOffline(true);
      await server.close();
      assert.deepEqual(browser.errors, []);
      await assert.rejects(page.evaluate(() => fetch('./other.gguf')), 'there is no network');
      // Chromium logs that failure.
      browser.errors.length = 0;
      await page.reload();
      await engineReady(page);
      assert.match(await ask(page, question), right);
    });

    test('and once more', async () => {
      await page.reload();
      await engineReady(page);
      assert.match(await ask(page, question), right);
    });

    test('nothing was asked of anyone else, no error logged, and no other model kept', async () => {
      const local = (url) => url.startsWith(`${server.origin}/`) || url.startsWith('blob:') || url.startsWith('data:');
      assert.deepEqual(browser.requests.filter((url) => !local(url)), []);
      assert.deepEqual(browser.errors, []);
      const models = Object.values(await kept(page)).flat().filter((url) => /\.gguf\b/.test(url));
      assert.deepEqual(models, [`${server.origin}${folder}guide.gguf`]);
    });
  });
}

test('a new build waits until the last page of the old one is closed', { timeout: 15 * MINUTE }, async () => {
  const folder = '/inkstone/';
  const pages = { '/blank.html': BLANK };
  const server = await serve({ mounts: { [folder]: DIST }, pages });
  const browser = await openBrowser();
  try {
    const { page, context } = browser;
    const isNext = (page) => page.locator('meta[name="build"][content="next"]').count();
    await page.goto(server.origin + folder);
    await controlled(page);
    const [old] = Object.keys(await kept(page));
    await engineReady(page);

    Object.assign(pages, nextBuild(folder));
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
    const waits = async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting);
    await until(page, waits);
    const both = await kept(page);
    assert.equal(Object.keys(both).length, 2);
    assert.deepEqual(both[`inkstone-feedfacefeedface@${folder}`], both[old]);

    assert.match(await ask(page, QUESTION[0]), QUESTION[1]);
    await page.reload();
    assert.equal(await isNext(page), 0, 'a reload is of the old build');
    await engineReady(page);
    assert.match(await ask(page, QUESTION[0]), QUESTION[1]);
    assert.ok(await page.evaluate(waits), 'the new build still waits');

    const blank = await context.newPage();
    await blank.goto(`${server.origin}/blank.html`);
    await page.close();
    const tookOver = async (folder) => {
      const { waiting, active } = await navigator.serviceWorker.getRegistration(folder);
      return !waiting && active?.state === 'activated';
    };
    await until(blank, tookOver, folder);
    assert.deepEqual(Object.keys(await kept(blank)), [`inkstone-feedfacefeedface@${folder}`]);
    await blank.goto(server.origin + folder);
    assert.equal(await isNext(blank), 1, 'the next visit is of the new build');
    await engineReady(blank);
    assert.match(await ask(blank, QUESTION[0]), QUESTION[1]);
    assert.deepEqual(browser.errors, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a host that leaves out the ending of bench.html does not keep the site from being kept', { timeout: 5 * MINUTE }, async () => {
  const pages = {
    '/bench.html': { status: 308, location: '/bench' },
    '/bench': { body: readFileSync(path.join(DIST, 'bench.html'), 'utf8') },
  };
  const server = await serve({ mounts: { '/': DIST }, pages });
  const browser = await openBrowser();
  try {
    const { page, context } = browser;
    await page.goto(server.origin);
    await controlled(page);
    await engineReady(page);
    assert.ok(Object.values(await kept(page)).flat().includes(`${server.origin}/bench.html`), 'bench.html is kept');
    await context.setOffline(true);
    await server.close();
    await page.goto(`${server.origin}/bench.html`);
    await page.locator('[data-testid="plan"][data-state="ready"]').waitFor({ timeout: MINUTE });
    assert.equal(await page.getByTestId('error').isVisible(), false);
    assert.deepEqual(browser.errors, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('an address with ?no-sw keeps nothing', { timeout: 5 * MINUTE }, async () => {
  const server = await serve({ mounts: { '/': DIST } });
  const browser = await openBrowser();
  try {
    await browser.page.goto(`${server.origin}/?no-sw`);
    await engineReady(browser.page);
    assert.deepEqual(await kept(browser.page), {});
    assert.deepEqual(browser.requests.filter((url) => url.endsWith('/sw.js')), []);
  } finally {
    await browser.close();
    await server.close();
  }
});
