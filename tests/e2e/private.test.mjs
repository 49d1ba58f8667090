// Browsers that let a site store nothing, or little: it is said where it matters, in words that help, and the guide answers
// all the same.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { bigModel } from './lib/downloads.mjs';
import { FaultyFile, hashOf } from './lib/faulty.mjs';
import { Engine } from './lib/engine.mjs';
import { DIST, MODELS, anyFixture } from './lib/fixtures.mjs';
import { ask, askInBrief, engineState, listBeside, openChat, openModels } from './lib/page.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
/** Block all site data. */
const BLOCKED = { profile: { default_content_setting_values: { cookies: 2 } } };
const BLANK = { body: '<!doctype html><link rel="icon" href="data:,">' };
const fixture = anyFixture();

test('where site data is blocked, the engine says so for every command that would store', { timeout: 3 * MINUTE }, async () => {
  const file = new FaultyFile(readFileSync(path.join(MODELS, `${fixture.name}.gguf`)));
  await visit({ preferences: BLOCKED, handlers: { '/net/model.gguf': file.handle } }, async ({ browser, server }) => {
    const engine = new Engine(browser.page, browser, server);
    await engine.start();
    for (const command of [{ type: 'list_models' }, { type: 'download', urls: ['/net/model.gguf'] }, { type: 'purge' }]) {
      await assert.rejects(engine.request(command), { code: 'storage_unavailable' }, command.type);
    }
    await assert.rejects(engine.import('/net/model.gguf'), { code: 'storage_unavailable' });
    // The import above has fetched it for the page; the engine has asked for nothing.
    assert.equal(file.requests.length, 1);
    await engine.request({ type: 'load', model: 'built-in:guide', options: { contextLength: 256 } });
  });
});

test('there the guide answers, and the models\' page says what to do', { timeout: 5 * MINUTE }, async () => {
  const file = path.join(MODELS, `${fixture.name}.gguf`);
  await visit({ preferences: BLOCKED, locale: 'en-GB' }, async ({ browser, server }) => {
    const { page } = browser;
    await page.goto(server.origin);
    await engineState(page, 'ready');
    assert.ok((await ask(page, 'Who are you?')).trim().length > 10);
    // Who only talks to the guide need not know.
    assert.equal(await page.getByTestId('error').count(), 0);
    await openModels(page);
    await assertFault(page, 'storage_unavailable', /private window|site data/i);
    await page.getByTestId('file-input').setInputFiles(file);
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="error"] [data-code="storage_unavailable"]').length === 2);
    await openChat(page);
    assert.ok((await ask(page, 'Hello')).trim().length > 0);
    assert.deepEqual(browser.errors.filter((text) => /panicked|uncaught/.test(text)), []);
  });
});

test('a private window with too little room keeps what it had, and goes on answering', { timeout: 5 * MINUTE }, async () => {
  const body = bigModel();
  const model = new FaultyFile(body);
  const beside = listBeside([{ name: 'Big', url: 'net/big.gguf', sha256: hashOf(body), bytes: body.length }]);
  const site = { incognito: true, locale: 'en-GB', pages: beside, handlers: { '/net/big.gguf': model.handle } };
  await visit(site, async ({ browser, server }) => {
    const { page, context } = browser;
    await page.goto(server.origin);
    await engineState(page, 'ready');
    await openModels(page);
    await page.getByTestId('file-input').setInputFiles(path.join(MODELS, `${fixture.name}.gguf`));
    await page.locator('[data-testid="engine-state"][data-state="ready"]', { hasText: fixture.name }).waitFor({ timeout: 2 * MINUTE });
    await openModels(page);
    const session = await context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 25e6 });
    await page.getByTestId('beside-entry').getByTestId('download').click();
    await assertFault(page, 'storage_full', /not enough storage/i);
    assert.equal(await page.getByTestId('stored-model').count(), 1);
    await page.getByTestId('dismiss').click();
    await page.getByTestId('error').waitFor({ state: 'detached' });
    await engineState(page, 'ready');
    await openChat(page);
    await askInBrief(page, 'Hello');
  });
});

/** A browser on the built site, with what `pages` and `handlers` add to it. */
async function visit({ pages, handlers, ...options }, work) {
  const server = await serve({ mounts: { '/': DIST }, pages: { '/blank.html': BLANK, ...pages }, handlers });
  const browser = await openBrowser(options);
  try {
    await work({ browser, server });
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Waits for a card with this code, whose text is for people. */
async function assertFault(page, code, text) {
  const card = page.getByTestId('error').filter({ has: page.locator(`[data-code="${code}"]`) }).first();
  await card.waitFor({ timeout: MINUTE });
  assert.match(await card.textContent(), text);
}
