// A new build while the page is open: it is offered, comes in when the visitor asks for it and no tab is at work, reloads
// every tab, and never meets a page of the old one.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';
import { BLANK, NEXT, controlled, engineReady, findNext, isNext, kept, nextBuild, text, until } from './lib/site.mjs';

const MINUTE = 60_000;
const FOLDER = '/inkstone/';

/** What the worker of a page says of its build; undefined in the first one. */
async function workersBuild(page) {
  const [worker] = page.workers();
  return worker.evaluate(() => globalThis.build);
}

/** Waits until the page is of the next build, and its engine, too. */
async function becomesNext(page) {
  await until(page, (build) => document.querySelector('meta[name="build"]')?.content === build, NEXT);
  await engineReady(page);
  assert.equal(await workersBuild(page), NEXT, 'page and worker are of one build');
}

/** An event of the window, as the bar and static/renew.js exchange them. */
function tell(page, what) {
  return page.evaluate((what) => void dispatchEvent(new Event(what)), what);
}

/** In the page: asks for the new build as soon as an answer is being made, which takes half a second. */
function clickRenewWhileAnswering() {
  const engine = document.querySelector('[data-testid="engine-state"]');
  const observer = new MutationObserver(() => {
    if (engine.dataset.state !== 'generating') return;
    observer.disconnect();
    setTimeout(() => {
      const renew = document.querySelector('[data-testid="renew"]');
      sessionStorage.setItem('label', renew.textContent);
      renew.click();
    });
  });
  observer.observe(engine, { attributes: true });
}

for (const [language, words] of [
  ['en-GB', { question: 'What is Inkstone?', ready: /new version/, now: 'Reload now', after: 'Reload when finished', later: 'Later', waiting: /under way/ }],
  ['zh-CN', { question: 'Inkstone 是什么？', ready: /新版本/, now: '立即重新加载', after: '完成后重新加载', later: '稍后', waiting: /完成后/ }],
]) {
  describe(`a new build in two tabs, in ${language}`, { timeout: 15 * MINUTE }, () => {
    const pages = {};
    let server;
    let browser;
    let first;
    let second;
    const bar = (page) => page.getByTestId('renewal');

    before(async () => {
      server = await serve({ mounts: { [FOLDER]: DIST }, pages });
      browser = await openBrowser({ args: [`--lang=${language}`], locale: language });
      first = browser.page;
      await first.goto(server.origin + FOLDER);
      await controlled(first);
      second = await browser.context.newPage();
      await second.goto(server.origin + FOLDER);
      await Promise.all([engineReady(first), engineReady(second)]);
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    test('there is nothing to say before', async () => {
      assert.equal(await bar(first).textContent(), '');
      assert.equal(await bar(first).getAttribute('role'), 'status');
    });

    test('is offered in both', async () => {
      Object.assign(pages, nextBuild(FOLDER));
      await findNext(first);
      for (const page of [first, second]) {
        await page.getByTestId('renew').waitFor();
        assert.match(await bar(page).textContent(), words.ready);
        assert.equal(await page.getByTestId('renew').textContent(), words.now);
        assert.equal(await page.getByTestId('renew-later').textContent(), words.later);
        assert.equal(await isNext(page), false);
      }
    });

    test('goes away when it is not wanted, and is offered again on the next visit', async () => {
      await second.getByTestId('renew-later').focus();
      await second.keyboard.press('Enter');
      await until(second, () => document.querySelector('[data-testid="renewal"]').textContent === '');
      await second.reload();
      assert.equal(await isNext(second), false);
      await second.getByTestId('renew').waitFor();
      await engineReady(second);
    });

    test('waits for another tab, and may be put off again', async () => {
      await tell(second, 'inkstone:busy');
      await first.getByTestId('renew').click();
      await until(first, () => document.documentElement.dataset.renewal === 'waiting');
      assert.match(await bar(first).textContent(), words.waiting);
      await first.waitForTimeout(1500);
      assert.equal(await isNext(first), false);
      await first.getByTestId('renew-later').click();
      await tell(second, 'inkstone:idle');
      await first.waitForTimeout(1500);
      assert.equal(await isNext(first), false, 'it was put off');
    });

    test('waits for the answer, comes in in both, and keeps what each tab has', async () => {
      await first.reload();
      await engineReady(first);
      await second.getByTestId('composer').fill('a draft');
      await first.evaluate(clickRenewWhileAnswering);
      await first.getByTestId('composer').fill(words.question);
      await first.getByTestId('send').click();
      await becomesNext(first);
      await becomesNext(second);
      assert.equal(await first.evaluate(() => sessionStorage.getItem('label')), words.after);
      assert.equal(await first.getByTestId('stats').count(), 1, 'the answer was complete');
      assert.ok((await first.getByTestId('message-assistant').textContent()).length > 20);
      assert.equal(await first.getByTestId('composer').inputValue(), '');
      assert.equal(await second.getByTestId('message-assistant').count(), 0, 'the conversation is that of its tab');
      assert.equal(await second.getByTestId('composer').inputValue(), 'a draft');
      assert.deepEqual(Object.keys(await kept(first)), [`inkstone-${NEXT}@${FOLDER}`]);
      assert.equal(await bar(first).textContent(), '');
      assert.deepEqual(browser.errors, []);
    });
  });
}

test('a new build waits for a measurement', { timeout: 5 * MINUTE }, async () => {
  const pages = {};
  const server = await serve({ mounts: { [FOLDER]: DIST }, pages });
  const browser = await openBrowser();
  try {
    const { page, context } = browser;
    await page.goto(server.origin + FOLDER);
    await controlled(page);
    await engineReady(page);
    const bench = await context.newPage();
    await bench.goto(`${server.origin}${FOLDER}bench.html`);
    const state = (state) => bench.locator(`[data-testid="plan"][data-state="${state}"]`).waitFor({ timeout: MINUTE });
    await state('ready');
    Object.assign(pages, nextBuild(FOLDER));
    await findNext(page);
    await bench.evaluate(() => {
      const observer = new MutationObserver(() => sessionStorage.setItem('result', String(!document.getElementById('result').hidden)));
      observer.observe(document.getElementById('result'), { attributes: true });
    });
    await bench.getByTestId('run').click();
    await state('running');
    await page.getByTestId('renew').click();
    await becomesNext(page);
    await until(bench, () => navigator.serviceWorker.controller && document.readyState === 'complete');
    await state('ready');
    assert.equal(await bench.evaluate(() => sessionStorage.getItem('result')), 'true', 'it was measured to the end');
    assert.equal(await workersBuild(bench), NEXT);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a page that missed the change gets nothing of the new build, and is reloaded', { timeout: 5 * MINUTE }, async () => {
  // Within the site's folder, so the service worker sees it, but without static/renew.js.
  const pages = { [`${FOLDER}plain.html`]: BLANK };
  const server = await serve({ mounts: { [FOLDER]: DIST }, pages });
  const browser = await openBrowser();
  try {
    const { page, context } = browser;
    await page.goto(server.origin + FOLDER);
    await controlled(page);
    const plain = await context.newPage();
    await plain.goto(`${server.origin}${FOLDER}plain.html`);
    const load = () => fetch('./worker_loader.js').then((response) => response.text(), () => 'refused');
    assert.equal(await plain.evaluate(load), text('worker_loader.js'));
    await engineReady(page);

    Object.assign(pages, nextBuild(FOLDER));
    await findNext(page);
    await plain.evaluate(() => void (globalThis.before = true));
    await tell(page, 'inkstone:renew');
    await becomesNext(page);
    assert.equal(await plain.evaluate(() => globalThis.before), true, 'nothing has reloaded it so far');
    assert.equal(await plain.evaluate(load).catch(() => 'refused'), 'refused');
    await until(plain, () => globalThis.before === undefined);
    assert.match(await plain.evaluate(load), new RegExp(NEXT), 'now it is one of the new build');
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a page that was reloaded past the service worker can ask for the new build', { timeout: 5 * MINUTE }, async () => {
  const pages = {};
  const server = await serve({ mounts: { [FOLDER]: DIST }, pages });
  const browser = await openBrowser();
  try {
    const { page, context } = browser;
    await page.goto(server.origin + FOLDER);
    await controlled(page);
    const other = await context.newPage();
    await other.goto(server.origin + FOLDER);
    await Promise.all([engineReady(page), engineReady(other)]);
    Object.assign(pages, nextBuild(FOLDER));
    await findNext(page);
    const session = await context.newCDPSession(page);
    await session.send('Page.reload', { ignoreCache: true });
    await until(page, () => navigator.serviceWorker.controller === null && document.readyState === 'complete');
    await page.getByTestId('renew').click();
    await controlled(page);
    await becomesNext(page);
    await becomesNext(other);
  } finally {
    await browser.close();
    await server.close();
  }
});

test('a page that is looked at again after an hour looks for a new build', { timeout: 5 * MINUTE }, async () => {
  let asked = 0;
  const script = (request, response) => {
    asked += 1;
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(text('sw.js'));
  };
  const server = await serve({ mounts: { '/': DIST }, handlers: { '/sw.js': script } });
  const browser = await openBrowser();
  try {
    const { page } = browser;
    await page.goto(server.origin);
    await controlled(page);
    const seen = asked;
    const lookAt = (minutes) => page.evaluate((minutes) => {
      const now = Date.now();
      Date.now = () => now + minutes * 60_000;
      dispatchEvent(new Event('visibilitychange'));
    }, minutes);
    await lookAt(50);
    await page.waitForTimeout(1000);
    assert.equal(asked, seen, 'not before');
    await lookAt(20);
    const deadline = Date.now() + MINUTE;
    while (asked === seen && Date.now() < deadline) await page.waitForTimeout(100);
    assert.equal(asked, seen + 1);
  } finally {
    await browser.close();
    await server.close();
  }
});
