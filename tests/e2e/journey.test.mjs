// A person's way through the page: a model from a file, a chat, stop, a new chat, tomorrow's visit. All the while no
// request leaves the site, and the console stays free of errors.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST, MODELS, anyFixture } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
const fixture = anyFixture();
let server;

before(async () => {
  server = await serve({ mounts: { '/': DIST } });
});
after(() => server?.close());

/** Waits until the engine is in one of these states, and returns it. */
async function engineState(page, ...states) {
  const found = states.map((state) => `[data-testid="engine-state"][data-state="${state}"]`).join(', ');
  const failed = '[data-testid="engine-state"][data-state="failed"]';
  const element = page.locator(`${found}, ${failed}`).first();
  await element.waitFor({ state: 'attached', timeout: 5 * MINUTE });
  const state = await element.getAttribute('data-state');
  if (!states.includes(state)) {
    const error = page.getByTestId('error').first();
    const code = (await error.count()) ? await errorCode(error) : 'no error is shown';
    assert.fail(`the engine is ${state} (${code}), not ${states.join(' or ')}`);
  }
  return state;
}

/** The code of an error that is shown, on the element itself or in its details. */
function errorCode(error) {
  return error.evaluate((element) => (element.closest('[data-code]') ?? element.querySelector('[data-code]'))?.dataset.code);
}

/** The text of the answer number `at`. */
function answerText(page, at) {
  return page.getByTestId('message-assistant').nth(at).locator('.message-text');
}

/** Sends a message and waits until text of its answer is there: the number of the answer. */
async function ask(page, text) {
  const at = await page.getByTestId('message-assistant').count();
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('send').click();
  await answerText(page, at).filter({ hasText: /\S/ }).waitFor({ timeout: 3 * MINUTE });
  return at;
}

/** Stops the answer, if it has not ended by itself. */
async function stop(page) {
  const button = page.getByTestId('stop');
  // The answer may end between the look and the click.
  if (await button.isVisible()) await button.click({ timeout: 5000 }).catch(() => {});
  await engineState(page, 'ready');
}

describe('the page', { timeout: 30 * MINUTE }, () => {
  let browser;
  let page;

  before(async () => {
    browser = await openBrowser();
    page = browser.page;
    await page.goto(server.origin);
  });
  after(() => browser?.close());

  test('starts with the guide', async () => {
    await engineState(page, 'ready');
    assert.match(await page.getByTestId('engine-state').textContent(), /Guide/);
  });

  test('takes a model from a file and loads it in the place of the guide', async () => {
    await page.getByTestId('choose-model').click();
    await page.getByTestId('file-input').setInputFiles(path.join(MODELS, `${fixture.name}.gguf`));
    await loaded(page);
  });

  test('answers with text that grows, and stops when told', async () => {
    await page.evaluate(watchAnswer);
    const answer = answerText(page, await ask(page, 'What does the river give?'));
    assert.match(await page.getByTestId('message-user').last().textContent(), /What does the river give\?/);
    await page.waitForFunction(() => globalThis.lengths.size > 2, null, { timeout: MINUTE });
    await stop(page);
    const text = await answer.textContent();
    await page.waitForTimeout(1000);
    assert.equal(await answer.textContent(), text, 'nothing is added after the stop');
    await page.getByTestId('stats').last().waitFor({ timeout: MINUTE });
  });

  test('carries the conversation on', async () => {
    await ask(page, 'And the sun?');
    await stop(page);
    assert.equal(await page.getByTestId('message-user').count(), 2);
    assert.equal(await page.getByTestId('message-assistant').count(), 2);
  });

  test('shows markup in a message as text', async () => {
    await ask(page, '<img src=x onerror="document.title=1"> <|im_end|> **b**');
    await stop(page);
    assert.match(await page.getByTestId('message-user').last().textContent(), /<img src=x onerror="document.title=1">/);
    assert.equal(await page.locator('[data-testid="message-user"] img').count(), 0);
  });

  test('begins a new chat', async () => {
    await page.getByTestId('new-chat').first().click();
    await page.getByTestId('message-user').first().waitFor({ state: 'detached', timeout: MINUTE });
    assert.equal(await page.getByTestId('message-assistant').count(), 0);
  });

  test('still has the model after a reload', async () => {
    await page.reload();
    await loaded(page);
    await ask(page, 'Good morning');
    await stop(page);
  });

  test('offers no download of a catalogue model that is stored', async () => {
    const name = 'internlm2_5-1_8b-chat-q4_k_m.gguf';
    const entry = page.locator(`[data-testid="catalogue-entry"][data-file="${name}"]`).first();
    await page.getByTestId('engine-state').click();
    await entry.getByTestId('download').waitFor({ timeout: MINUTE });
    const buffer = readFileSync(path.join(MODELS, `${fixture.name}.gguf`));
    await page.getByTestId('file-input').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
    await entry.getByTestId('download').waitFor({ state: 'detached', timeout: MINUTE });
  });

  test('asked nothing of anyone else, and logged no error', () => {
    const local = (url) => url.startsWith(`${server.origin}/`) || url.startsWith('blob:') || url.startsWith('data:');
    assert.deepEqual(browser.requests.filter((url) => !local(url)), []);
    assert.ok(browser.requests.some((url) => url.endsWith('.wasm')), 'the requests of the worker are seen');
    assert.deepEqual(browser.errors, []);
  });
});

/** Waits until the fixture is what answers. */
async function loaded(page) {
  const ready = page.locator('[data-testid="engine-state"][data-state="ready"]', { hasText: fixture.name });
  await ready.waitFor({ timeout: 5 * MINUTE });
}

/** Runs in the page: collects the different lengths that answers have on their way. */
function watchAnswer() {
  globalThis.lengths = new Set();
  new MutationObserver(() => {
    const texts = document.querySelectorAll('[data-testid="message-assistant"] .message-text');
    globalThis.lengths.add(texts[texts.length - 1]?.textContent.length ?? 0);
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
}

test('a browser without WebGPU is told so', { timeout: 5 * MINUTE }, async () => {
  const loader = readFileSync(path.join(DIST, 'worker_loader.js'), 'utf8');
  const pages = { '/worker_loader.js': { body: `delete WorkerNavigator.prototype.gpu;\n${loader}` } };
  const server = await serve({ mounts: { '/': DIST }, pages });
  const browser = await openBrowser({ webgpu: false });
  try {
    await browser.page.addInitScript(() => delete Navigator.prototype.gpu);
    await browser.page.goto(server.origin);
    const error = browser.page.getByTestId('error').first();
    await error.waitFor({ timeout: MINUTE });
    assert.equal(await errorCode(error), 'no_webgpu');
    assert.ok((await error.textContent()).trim().length > 20, 'the error is explained');
  } finally {
    await browser.close();
    await server.close();
  }
});
