// Storage that is short, refused or lost: said before the first byte where that can be known, and nothing that is stored
// comes to harm.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { CHUNK, assertStored, bigModel, clear, download, openDownloads } from './lib/downloads.mjs';
import { hashOf } from './lib/faulty.mjs';
import { MODELS, anyFixture } from './lib/fixtures.mjs';
import { evaluate, largestDifference } from './lib/golden.mjs';
import { splitModel } from './lib/split.mjs';

const MINUTE = 60_000;
const body = bigModel();
const sha256 = hashOf(body);
const fixture = anyFixture();
const small = `/fixtures/${fixture.name}.gguf`;

/** A worker in a browser that has little room. */
const LITTLE = `
  StorageManager.prototype.estimate = async () => ({ usage: 1e6, quota: 30e6 });
  await (await import('./worker.js')).default();
`;

let engine;
let host;
let session;
before(async () => {
  ({ engine, host } = await openDownloads({ pages: { '/little.js': { body: LITTLE } } }));
  session = await engine.page.context().newCDPSession(engine.page);
}, { timeout: 2 * MINUTE });
afterEach(async () => {
  await quota();
  await clear(engine);
});
after(() => engine?.close());

const quota = (quotaSize) =>
  session.send('Storage.overrideQuotaForOrigin', { origin: engine.origin, ...(quotaSize && { quotaSize }) });
const listed = () => engine.request({ type: 'list_models' });

test('a model that does not fit is refused before its first byte', { timeout: MINUTE }, async () => {
  const kept = await engine.import(small);
  // Chromium tells everybody ten gigabytes, whatever there is; other browsers tell.
  await engine.start('./little.js');
  const file = host(body);
  await assert.rejects(download(engine, [file], { sha256, bytes: body.length }), { code: 'storage_full' });
  assert.equal(file.requests.length, 0);
  const { models, unfinished } = await listed();
  assert.deepEqual([models, unfinished], [[kept], []]);
  // Where only the host knows the length, its first answer is enough.
  file.always = { rate: 8e6 };
  await assert.rejects(download(engine, [file]), { code: 'storage_full' });
  assert.ok(file.requests.length === 1 && file.sent < CHUNK);
  await engine.start();
});

test('a disk that fills up midway costs nothing: with more room it goes on', { timeout: 2 * MINUTE }, async () => {
  const kept = await engine.import(small);
  const file = host(body);
  file.always = { rate: 8e6 };
  const { id, last } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await engine.until(id, ({ type, done }) => type === 'progress' && done > CHUNK);
  await quota(5 * CHUNK);
  await assert.rejects(last, { code: 'storage_full' });
  const { models, unfinished } = await listed();
  assert.deepEqual(models, [kept]);
  assert.ok(unfinished[0].received > CHUNK);
  await quota();
  file.always = {};
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  await engine.load(kept.id, { contextLength: 256, kvType: 'f32' });
  const { logits } = await evaluate(engine, fixture.prompt, 'prefill');
  assert.ok(largestDifference(logits, fixture.logits.all) < 2e-3);
  await engine.request({ type: 'unload' });
});

test('what a power cut has taken of an unfinished download is fetched again, and no more', { timeout: 2 * MINUTE }, async () => {
  const losses = {
    // Blocks that were never written read as zeros; the note of them was.
    'a chunk of zeros': { loss: (data) => engine.damage(data, CHUNK, Array(CHUNK / 64).fill(0)), chunks: [1] },
    'the end': { loss: (data) => engine.damage(data, 3 * CHUNK + 5), chunks: [3, 4] },
  };
  for (const [what, { loss, chunks }] of Object.entries(losses)) {
    const file = host(body);
    file.always = { rate: 12e6 };
    const { id, last } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
    await engine.until(id, ({ type, done }) => type === 'progress' && done > 5 * CHUNK);
    await engine.request({ type: 'cancel', request: id });
    await assert.rejects(last, { code: 'cancelled' });
    const { received } = (await listed()).unfinished[0];
    const data = (await engine.files()).find(({ bytes }) => bytes > CHUNK).path;
    await loss(data);
    file.always = {};
    file.counts.fill(0);
    await assertStored(engine, await download(engine, [file], { sha256 }), body);
    const again = new Set();
    file.counts.subarray(0, received).forEach((count, at) => count > 0 && again.add(Math.floor(at / CHUNK)));
    assert.deepEqual([...again].filter((chunk) => chunk < Math.floor(received / CHUNK)), chunks, what);
    assert.ok(file.counts.every((count) => count <= 1), what);
    await clear(engine);
  }
});

test('a deleted model comes back, until its space is needed or freed', { timeout: 2 * MINUTE }, async () => {
  const model = await download(engine, [host(body)], { sha256 });
  await engine.request({ type: 'remove', model: model.id });
  const removed = await listed();
  assert.deepEqual([removed.models, removed.removed], [[], [model]]);
  assert.equal(removed.storage.removed, body.length);
  await assert.rejects(engine.request(loading(model.id)), { code: 'not_found' });
  await engine.request({ type: 'restore', model: model.id });
  await assertStored(engine, (await listed()).models[0], body);

  // To ask for it again brings it back, too, without a request.
  await engine.request({ type: 'remove', model: model.id });
  const again = host(body);
  await download(engine, [again], { sha256 });
  assert.equal(again.requests.length, 0);

  await engine.request({ type: 'remove', model: model.id });
  // Chromium reserves room in steps that double: 64 MB for these 40.
  await quota(2.5 * body.length);
  const other = Buffer.from(body);
  other[other.length - 1] ^= 1;
  const file = host(other, 'other.gguf');
  file.always = { rate: 16e6 };
  // Without a hash nothing would notice if the disk that was full for a moment had left a gap.
  await assertStored(engine, await download(engine, [file]), other, 'recorded');
  assert.ok(file.resent < CHUNK, `${file.resent} bytes were sent again`);
  assert.deepEqual((await listed()).removed, []);
  await assert.rejects(engine.request({ type: 'restore', model: model.id }), { code: 'not_found' });
});

const loading = (model) => ({ type: 'load', model, options: { contextLength: 256 } });

test('a file on the user\'s disk is used where it is, and told when it was changed', { timeout: 2 * MINUTE }, async () => {
  await engine.page.evaluate(async (url) => {
    const blob = await (await fetch(url)).blob();
    globalThis.kept = {
      file: new File([blob], 'mine.gguf', { lastModified: 1_700_000_000_000 }),
      changed: new File([blob], 'mine.gguf', { lastModified: 1_700_000_000_001 }),
    };
  }, small);
  const link = { type: 'import', intake: 'in_place' };
  const { model } = await engine.request(link, { files: ['=file'] });
  assert.deepEqual(model.place, { type: 'disk' });
  const before = (await listed()).storage.models;
  assert.equal(before, 0);
  await engine.request(loading(model.id), { files: ['=file'] });
  const { logits } = await evaluate(engine, fixture.prompt, 'prefill');
  assert.ok(largestDifference(logits, fixture.logits.all) < 0.05);
  await engine.request({ type: 'unload' });
  await assert.rejects(engine.request(loading(model.id)), { code: 'not_found' });
  await assert.rejects(engine.request(loading(model.id), { files: ['=changed'] }), { code: 'not_found' });
  const { report } = await engine.request({ type: 'verify', model: model.id }, { files: ['=file'] });
  assert.equal(report.sha256, hashOf(readFileSync(path.join(MODELS, `${fixture.name}.gguf`))));
});

test('the parts of a split model are put together', { timeout: 2 * MINUTE }, async () => {
  const parts = splitModel(readFileSync(path.join(MODELS, `${fixture.name}.gguf`)), 3);
  const urls = parts.map((part, i) => host(part, `tiny-0000${i + 1}-of-00003.gguf`).url);
  // In any order.
  const model = await engine.import(urls[2], urls[0], urls[1]);
  assert.equal(model.id, 'tiny');
  await engine.load(model.id, { contextLength: 256, kvType: 'f32' });
  const { logits } = await evaluate(engine, fixture.prompt, 'prefill');
  assert.ok(largestDifference(logits, fixture.logits.all) < 2e-3);
  await engine.request({ type: 'unload' });

  const foreign = splitModel(body, 3).map((part, i) => host(part, `big-0000${i + 1}-of-00003.gguf`).url);
  for (const wrong of [[urls[0]], [urls[0], urls[1]], [urls[0], urls[1], urls[1]], [urls[0], urls[1], foreign[2]]]) {
    await assert.rejects(engine.import(...wrong), { code: 'model_invalid' }, wrong.join());
  }
});
