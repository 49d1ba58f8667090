// The library as a person has it: a download from its button to the answer, with all that may come between; what is stored,
// checked, saved, deleted and brought back; a full disk; a second tab. One visit, from an empty library on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { CHUNK, bigModel, until } from './lib/downloads.mjs';
import { FaultyFile, hashOf } from './lib/faulty.mjs';
import { DIST, MODELS, anyFixture } from './lib/fixtures.mjs';
import { askInBrief, engineState, listBeside, openChat, openModels } from './lib/page.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
/** Slow enough to do something meanwhile. */
const RATE = 4e6;
const small = readFileSync(path.join(MODELS, `${anyFixture().name}.gguf`));
/** Five chunks. */
const body = bigModel({ layers: 1 });

/** What the site offers, by the name of the file: all different, for what is stored is not fetched again. */
const files = { small: new FaultyFile(small) };
for (const [at, name] of ['paused', 'waiting', 'discarded', 'full', 'elsewhere'].entries()) {
  const own = Buffer.from(body);
  own[own.length - 1] ^= at + 1;
  files[name] = new FaultyFile(own);
}

let server;
let browser;
let page;
before(async () => {
  const models = Object.entries(files).map(([name, { body }]) =>
    ({ name, url: `net/${name}.gguf`, bytes: body.length, sha256: hashOf(body) }));
  const handlers = Object.fromEntries(Object.entries(files).map(([name, { handle }]) => [`/net/${name}.gguf`, handle]));
  server = await serve({ mounts: { '/': DIST }, pages: listBeside(models), handlers });
  browser = await openBrowser({ locale: 'en-GB' });
  page = browser.page;
  await page.goto(server.origin);
}, { timeout: 2 * MINUTE });
after(async () => {
  await browser?.close();
  await server?.close();
});

const stored = (model, tab = page) => tab.locator(`[data-testid="stored-model"][data-model="${model}"]`);
const rest = (model, halt, tab = page) => tab.locator(`[data-testid="unfinished"][data-model="${model}"][data-halt="${halt}"]`);
const inUse = (name, tab = page) => tab.locator('[data-testid="engine-state"][data-state="ready"]', { hasText: name });
const begin = (name, tab = page) => tab.locator(`[data-testid="beside-entry"][data-file="${name}.gguf"]`).getByTestId('download').click();

/** Leaves the page and comes back; the model of last time is loaded again. */
async function comeBack() {
  await page.reload();
  await inUse('small').waitFor({ timeout: 2 * MINUTE });
  await openModels(page);
}

test('one click leads from the list to an answer', { timeout: 4 * MINUTE }, async () => {
  await engineState(page, 'ready');
  await openModels(page);
  await begin('small');
  await inUse('small').waitFor({ timeout: 2 * MINUTE });
  // It has led to the conversation by itself.
  await askInBrief(page, 'Hello');
  await openModels(page);
  assert.ok((await stored('small').getByTestId('integrity').getAttribute('title')).includes(hashOf(small)));
  assert.deepEqual(browser.errors, []);
});

test('a download is paused, stays so over a reload, and goes on at a click; left in the middle, by itself', { timeout: 4 * MINUTE }, async () => {
  const file = files.paused;
  file.always = { rate: RATE };
  await begin('paused');
  await file.whenSent(1.5 * CHUNK);
  await page.getByTestId('pause').click();
  await rest('paused', 'paused').waitFor();
  await comeBack();
  // Who has paused it is not overruled.
  await rest('paused', 'paused').waitFor();
  assert.equal(file.requests.length, 1);
  await rest('paused', 'paused').getByTestId('resume').click();
  await file.whenSent(3 * CHUNK);
  await comeBack();
  await stored('paused').waitFor({ timeout: MINUTE });
  const begins = file.requests.map(({ range }) => Number(/\d+/.exec(range)[0]));
  assert.deepEqual(begins, [...begins].sort((a, b) => a - b), 'nothing is begun anew');
  assert.ok(begins[1] > CHUNK && begins[2] > 2 * CHUNK, `${begins}`);
});

test('a wait is shown with its reason, and ended by a click', { timeout: 2 * MINUTE }, async () => {
  const file = files.waiting;
  file.script = [null, { status: 429, headers: { 'Retry-After': '280' } }];
  await begin('waiting');
  const waiting = page.locator('[data-testid="waiting"][data-code="http_status"]');
  await waiting.waitFor({ timeout: MINUTE });
  await waiting.getByTestId('try-now').click();
  await stored('waiting').waitFor({ timeout: MINUTE });
  assert.equal(file.resent, 0);
});

test('what is discarded in the middle leaves nothing', { timeout: 2 * MINUTE }, async () => {
  const file = files.discarded;
  file.always = { rate: RATE };
  await begin('discarded');
  await file.whenSent(CHUNK);
  await page.getByTestId('progress').getByTestId('cancel').click();
  await until(async () => (await storedFiles('discarded')).length === 0, 'an end of its files');
  await page.locator('[data-testid="beside-entry"][data-file="discarded.gguf"]').getByTestId('download').waitFor();
  await rest('discarded', 'paused').waitFor({ state: 'detached' });
});

test('a stored model is checked, saved, deleted and brought back', { timeout: 2 * MINUTE }, async () => {
  const row = stored('paused');
  await row.getByTestId('verify-model').click();
  await row.getByTestId('verdict').waitFor({ timeout: MINUTE });
  assert.equal(await row.getByTestId('verdict').getAttribute('title'), hashOf(files.paused.body));

  const saving = page.waitForEvent('download');
  await row.getByTestId('export-model').click();
  const saved = await saving;
  assert.equal(saved.suggestedFilename(), 'paused.gguf');
  assert.equal(hashOf(readFileSync(await saved.path())), hashOf(files.paused.body));

  await row.getByTestId('delete-model').click();
  const removed = page.locator('[data-testid="removed-model"][data-model="paused"]');
  await removed.waitFor();
  assert.equal(await row.count(), 0);
  await removed.getByTestId('undo-delete').click();
  await row.waitFor();
  assert.equal(await removed.count(), 0);
  await row.getByTestId('delete-model').click();
  await removed.getByTestId('free-now').click();
  await removed.waitFor({ state: 'detached' });
  assert.deepEqual(await storedFiles('paused'), []);
});

test('a full disk has a card of its own; with room made there the download goes on', { timeout: 3 * MINUTE }, async () => {
  const file = files.full;
  const session = await browser.context.newCDPSession(page);
  const quota = (quotaSize) => session.send('Storage.overrideQuotaForOrigin', { origin: server.origin, ...(quotaSize && { quotaSize }) });
  const { usage } = await page.evaluate(() => navigator.storage.estimate());
  file.always = { rate: RATE };
  // Chromium reserves room in steps that double: 16 MB are too many, 32 MB are not once another model is gone.
  await quota(usage + 3.5 * CHUNK);
  await begin('full');
  const card = page.getByTestId('error').filter({ has: page.locator('[data-code="storage_full"]') });
  await card.waitFor({ timeout: MINUTE });
  assert.match(await card.textContent(), /Delete a model/);
  const room = card.locator('.room-row', { hasText: 'waiting' }).getByTestId('make-room');
  await room.click();
  await room.waitFor({ state: 'detached' });
  assert.equal(await stored('small').count(), 1);
  await card.getByRole('button', { name: 'Try again' }).click();
  await stored('full').waitFor({ timeout: MINUTE });
  // What had arrived is not fetched again; what the browser had not given out yet is.
  assert.ok(file.resent < CHUNK, `${file.resent} bytes were sent again`);
  assert.deepEqual(await storedFiles('waiting'), [], 'the deleted one has made way');
  await quota();
});

test('one tab downloads; another shows how far it is, and goes on when the first is closed', { timeout: 3 * MINUTE }, async () => {
  const file = files.elsewhere;
  file.always = { rate: RATE };
  const first = await browser.context.newPage();
  await first.goto(server.origin);
  await openModels(first);
  await begin('elsewhere', first);
  const row = rest('elsewhere', 'elsewhere');
  const value = async () => Number(await row.getByRole('progressbar').getAttribute('value'));
  await until(async () => (await value()) > CHUNK, 'its progress');
  await first.close();
  await stored('elsewhere').waitFor({ timeout: MINUTE });
  assert.ok(file.requests.every(({ range }, at) => at === 0 || Number(/\d+/.exec(range)[0]) > 0), 'nothing is begun anew');
});

test('one tab has the model; another asks the guide, takes it over, and gives it back when it is closed', { timeout: 6 * MINUTE }, async () => {
  const second = await browser.context.newPage();
  await second.goto(server.origin);
  // It would load the model of last time.
  const card = second.locator('[data-testid="other-tab"][data-model="small"]');
  await card.waitFor({ timeout: MINUTE });
  await inUse('Guide', second).waitFor({ timeout: 2 * MINUTE });
  await card.getByTestId('use-here').click();
  await inUse('small', second).waitFor({ timeout: 2 * MINUTE });
  await page.getByTestId('other-tab').waitFor({ timeout: MINUTE });
  await inUse('Guide').waitFor({ timeout: 2 * MINUTE });
  await second.close();
  await inUse('small').waitFor({ timeout: 2 * MINUTE });
  assert.equal(await page.getByTestId('other-tab').count(), 0);
  await openChat(page);
  await askInBrief(page, 'Hello');
  assert.deepEqual(browser.errors.filter((text) => /panicked|uncaught/.test(text)), []);
});

/** The files of a model in the browser's storage. */
function storedFiles(model) {
  return page.evaluate(async (model) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
    return (await Array.fromAsync(folder.keys())).filter((name) => name.startsWith(`${model}.`));
  }, model);
}
