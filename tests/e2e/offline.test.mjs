// The page without a network: one complete visit, and the next one needs no host. A new build never mixes with the one
// that is open, and nothing but the site's own files is kept.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST } from './lib/fixtures.mjs';
import { ask } from './lib/page.mjs';
import { serve } from './lib/server.mjs';
import { BLANK, NEXT, controlled, engineReady, findNext, isNext, kept, nextBuild, siteFiles, text, until } from './lib/site.mjs';

const MINUTE = 60_000;
const QUESTION = ['Is my data sent anywhere?', /leaves your device/];

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
    await page.goto(server.origin + folder);
    await controlled(page);
    const [old] = Object.keys(await kept(page));
    await engineReady(page);

    Object.assign(pages, nextBuild(folder));
    await findNext(page);
    const both = await kept(page);
    assert.equal(Object.keys(both).length, 2);
    assert.deepEqual(both[`inkstone-${NEXT}@${folder}`], both[old]);

    assert.match(await ask(page, QUESTION[0]), QUESTION[1]);
    await page.reload();
    assert.equal(await isNext(page), false, 'a reload is of the old build');
    await engineReady(page);
    assert.match(await ask(page, QUESTION[0]), QUESTION[1]);
    for (const way of ['?q=1', 'index.html', 'index.html?q=1#here']) {
      await page.goto(server.origin + folder + way);
      assert.equal(await isNext(page), false, `${way} is of the old build`);
    }
    await findNext(page);

    const blank = await context.newPage();
    await blank.goto(`${server.origin}/blank.html`);
    await page.close();
    const tookOver = async (folder) => {
      const { waiting, active } = await navigator.serviceWorker.getRegistration(folder);
      return !waiting && active?.state === 'activated';
    };
    await until(blank, tookOver, folder);
    assert.deepEqual(Object.keys(await kept(blank)), [`inkstone-${NEXT}@${folder}`]);
    await blank.goto(server.origin + folder);
    assert.equal(await isNext(blank), true, 'the next visit is of the new build');
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
    '/bench': { body: text('bench.html') },
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
    for (const name of ['bench.html', 'bench']) {
      await page.goto(`${server.origin}/${name}`);
      await page.locator('[data-testid="plan"][data-state="ready"]').waitFor({ timeout: MINUTE });
      assert.equal(await page.getByTestId('error').isVisible(), false);
    }
    assert.deepEqual(browser.errors, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('an address with ?no-sw keeps nothing, and takes back what was kept for the next visit', { timeout: 5 * MINUTE }, async () => {
  const server = await serve({ mounts: { '/': DIST } });
  const browser = await openBrowser();
  try {
    const { page } = browser;
    await page.goto(`${server.origin}/?no-sw`);
    await engineReady(page);
    assert.deepEqual(await kept(page), {});
    assert.deepEqual(browser.requests.filter((url) => url.endsWith('/sw.js')), []);
    await page.goto(server.origin);
    await controlled(page);
    await page.goto(`${server.origin}/?no-sw`);
    await until(page, async () => {
      const { controller } = navigator.serviceWorker;
      return controller === null && (await navigator.serviceWorker.getRegistrations()).length === 0;
    });
    await engineReady(page);
  } finally {
    await browser.close();
    await server.close();
  }
});
