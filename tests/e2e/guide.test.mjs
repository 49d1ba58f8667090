// The first visit: the guide is there at once, and what it says is right, in both languages, again after a reload, and
// without a network.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST } from './lib/fixtures.mjs';
import { ask } from './lib/page.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;

/** Questions, and what an answer must carry. */
const RIGHT = {
  en: [
    ['Is my data sent anywhere?', /leaves your device/],
    ['Which model should I choose?', /1\.8B.*8 GB/],
    ['How do I load a .gguf file from my disk?', /drop it on the page/],
    ['Who wrote Hamlet?', /only know Inkstone/],
  ],
  zh: [
    ['我的数据会上传吗？', /不会离开你的设备/],
    ['我该选哪个模型？', /8 GB 以上选 7B/],
    ['怎么加载我自己的 gguf 文件？', /拖到网页上/],
    ['唐朝是哪一年建立的？', /只了解 Inkstone/],
  ],
};

let server;
before(async () => {
  server = await serve({ mounts: { '/': DIST } });
});
after(() => server?.close());

for (const [language, locale] of [['en', 'en-GB'], ['zh', 'zh-CN']]) {
  describe(`the guide in ${locale}`, { timeout: 10 * MINUTE }, () => {
    let browser;
    let page;

    before(async () => {
      browser = await openBrowser({ args: [`--lang=${locale}`], locale });
      page = browser.page;
    });
    after(() => browser?.close());

    test('answers the first question of a first visit', async () => {
      const [[question, right]] = RIGHT[language];
      await page.goto(server.origin);
      await page.getByTestId('composer').waitFor({ timeout: MINUTE });
      const opened = Date.now();
      assert.match(await ask(page, question), right);
      console.log(`  ${locale}: right, ${Date.now() - opened} ms after the page was on the screen, engine and GPU included`);
    });

    test('knows more than one thing, and what it does not know', async () => {
      for (const [question, right] of RIGHT[language].slice(1)) {
        assert.match(await ask(page, question), right, question);
      }
    });

    test('answers again after a reload', async () => {
      await page.reload();
      await page.getByTestId('new-chat').first().click();
      const [[question, right]] = RIGHT[language];
      assert.match(await ask(page, question), right);
    });

    test('answers without a network', async () => {
      await browser.context.setOffline(true);
      const [[question, right]] = RIGHT[language];
      assert.match(await ask(page, question), right);
      await browser.context.setOffline(false);
    });

    test('asked nothing of anyone else, and logged no error', () => {
      const local = (url) => url.startsWith(`${server.origin}/`) || url.startsWith('blob:') || url.startsWith('data:');
      assert.deepEqual(browser.requests.filter((url) => !local(url)), []);
      assert.deepEqual(browser.errors, []);
    });
  });
}
