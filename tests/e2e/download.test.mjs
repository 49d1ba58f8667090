// Downloads over a network that fails: after each fault the model is complete and right, and no byte is fetched twice that
// had arrived. Bytes are counted where they are sent.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { CHUNK, assertStored, bigModel, clear, download, openDownloads, until } from './lib/downloads.mjs';
import { hashOf } from './lib/faulty.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
const body = bigModel();
const sha256 = hashOf(body);
const total = body.length;
/** Places that matter: within the header, at and beside borders of chunks, within one, the last byte. */
const PLACES = [1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 12_345, 5 * CHUNK, 8 * CHUNK + 7, total - 1];

let engine;
let host;
let handlers;
before(async () => {
  ({ engine, host, handlers } = await openDownloads());
}, { timeout: 2 * MINUTE });
afterEach(() => clear(engine));
after(() => engine?.close());

/** Downloads from a file with these faults, and checks that all is well. */
async function survives(script, { cuts = [], always = {}, resent = 0, waits = 1 } = {}) {
  const file = host(body);
  file.script = script;
  file.cuts = cuts;
  file.always = always;
  const events = [];
  const model = await download(engine, [file], { sha256 }, { onEvent: (event) => events.push(event) });
  await assertStored(engine, model, body);
  assert.equal(file.resent, resent, `bytes sent again; requests: ${file.requests.map(({ range }) => range)}`);
  assert.ok(events.filter(({ type }) => type === 'waiting').length >= waits, 'the page is told of each wait');
  file.assertPlain(assert);
  return { file, events };
}

test('a download without faults comes in requests of one range each, and is hashed', { timeout: MINUTE }, async () => {
  const { file, events } = await survives([], { waits: 0 });
  assert.equal(file.sent, total);
  const stages = new Set(events.filter(({ type }) => type === 'progress').map(({ stage }) => stage));
  assert.deepEqual([...stages], ['download', 'verify']);
});

test('a connection that is cut at any byte goes on at that byte', { timeout: 5 * MINUTE }, async () => {
  for (const cut of PLACES) {
    await survives([], { cuts: [cut] });
    await clear(engine);
  }
});

test('a connection that is cut again and again', { timeout: 2 * MINUTE }, async () => {
  await survives([], { cuts: [10, 5_000_000, 5_000_001, 9_000_000, total - 5], waits: 5 });
});

test('a host that falls silent is asked again', { timeout: 2 * MINUTE }, async () => {
  await survives([{ stall: 6_000_000 }]);
});

test('429, 503 and 500 are waited out, and what the host asks for is respected', { timeout: 2 * MINUTE }, async () => {
  const began = Date.now();
  const { events } = await survives(
    [{ status: 429, headers: { 'Retry-After': '3' } }, { status: 503 }, null, { status: 500 }, null, { status: 429 }],
    { cuts: [20_000_000], waits: 4 },
  );
  assert.ok(Date.now() - began >= 3_000);
  assert.ok(events.find(({ type, wait }) => type === 'waiting' && wait.retry_ms >= 3_000 && wait.error.code === 'http_status'));
});

test('a host that ignores ranges serves the whole in one go', { timeout: MINUTE }, async () => {
  const { file } = await survives([], { always: { ignoreRange: true }, waits: 0 });
  assert.equal(file.requests.length, 1);
});

test('one that also cuts sends the beginning again, which cannot be helped', { timeout: MINUTE }, async () => {
  const cut = 3 * CHUNK + 100;
  await survives([], { cuts: [cut], always: { ignoreRange: true }, resent: cut });
});

test('lengths that are lies are not believed', { timeout: 2 * MINUTE }, async () => {
  // A longer body is announced than comes; a shorter one; another length of the whole.
  await survives([{ length: 16 << 21 }], { waits: 1 });
  await clear(engine);
  await survives([null, { total: total - 100 }, { total: total + 100 }], { waits: 2 });
});

test('a host that keeps telling another length is said to have another file, and what arrived stays', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.cuts = [2 * CHUNK];
  const { id, last } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await engine.until(id, ({ type }) => type === 'waiting');
  file.always = { total: total + 1 };
  await assert.rejects(last, { code: 'hash_mismatch' });
  const { unfinished } = await engine.request({ type: 'list_models' });
  assert.equal(unfinished[0].received, 2 * CHUNK);
  file.always = {};
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  assert.equal(file.resent, 0);
});

test('a pause keeps every byte, and a cancelled download leaves none', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.always = { rate: 8e6 };
  const { id, last } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await engine.until(id, ({ type, done }) => type === 'progress' && done > CHUNK);
  await engine.request({ type: 'cancel', request: id });
  await assert.rejects(last, { code: 'cancelled' });
  const paused = (await engine.request({ type: 'list_models' })).unfinished;
  assert.equal(paused.length, 1);
  assert.equal(paused[0].halt, 'paused');
  assert.ok(paused[0].received > CHUNK && paused[0].received <= file.sent);
  const asked = file.requests.length;
  file.always = {};
  await assertStored(engine, (await engine.request({ type: 'download', ...paused[0].plan })).model, body);
  // It was asked for from the byte on that was told.
  assert.equal(file.requests[asked].range.split('=')[1].split('-')[0], String(paused[0].received));

  await clear(engine);
  file.always = { rate: 8e6 };
  const again = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await engine.until(again.id, ({ type, done }) => type === 'progress' && done > CHUNK);
  await engine.request({ type: 'cancel', request: again.id });
  await assert.rejects(again.last, { code: 'cancelled' });
  const { unfinished } = await engine.request({ type: 'list_models' });
  await engine.request({ type: 'remove', model: unfinished[0].id });
  assert.deepEqual(await engine.files(), []);
});

test('a reload of the page loses less than a chunk', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.always = { rate: 8e6 };
  const { id } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await engine.until(id, ({ type, done }) => type === 'progress' && done > 2 * CHUNK);
  await engine.start();
  const { unfinished } = await engine.request({ type: 'list_models' });
  assert.ok(['interrupted', 'elsewhere'].includes(unfinished[0].halt));
  file.always = {};
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  assert.ok(file.resent < CHUNK, `${file.resent} bytes were sent again`);
});

test('the first address that serves is taken, in the order given', { timeout: 2 * MINUTE }, async () => {
  const files = [host(body), host(body), host(body), host(body), host(body)];
  files[0].always = { status: 404 };
  files[1].always = { html: true };
  files[2].always = { status: 503 };
  await assertStored(engine, await download(engine, files, { sha256 }), body);
  assert.deepEqual(files.map((file) => file.sent), [0, 0, 0, total, 0]);
  assert.deepEqual(files.map((file) => file.requests.length > 0), [true, true, true, true, false]);
});

test('where one address dies midway another goes on at that byte', { timeout: MINUTE }, async () => {
  const files = [host(body), host(body)];
  files[0].cuts = [7_000_000];
  files[0].script = [null];
  files[0].always = { status: 410 };
  await assertStored(engine, await download(engine, files, { sha256 }), body);
  const sum = files[0].counts.map((count, at) => count + files[1].counts[at]);
  assert.ok(sum.every((count) => count === 1));
});

test('when all have refused, it is said why', { timeout: MINUTE }, async () => {
  const files = [host(body), host(body)];
  files[0].always = { status: 404 };
  files[1].always = { html: true };
  await assert.rejects(download(engine, files, { sha256 }), { code: 'http_status' });
  assert.equal((await engine.request({ type: 'list_models' })).unfinished.length, 0);
});

test('without a network it waits, and goes on at once when the network is back', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.cuts = [9_000_000];
  const { context } = engine.browser;
  const { id, last } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await file.whenSent(8_000_000);
  await context.setOffline(true);
  await engine.until(id, ({ type, wait }) => type === 'waiting' && wait.retry_ms === null);
  const asked = file.requests.length;
  await context.setOffline(false);
  // Unasked it would look after half a minute.
  await until(() => file.requests.length > asked, 'the next request', 20_000);
  await assertStored(engine, (await last).model, body);
  assert.equal(file.resent, 0);
});

test('the wait before the next try ends on request', { timeout: MINUTE }, async () => {
  const file = host(body);
  file.script = [null, { status: 429, headers: { 'Retry-After': '250' } }];
  const { id, last } = await engine.begin({ type: 'download', urls: [file.url], sha256 });
  await engine.until(id, ({ type }) => type === 'waiting');
  await engine.request({ type: 'try_now', request: id });
  await assertStored(engine, (await last).model, body);
});

test('several requests at a time where each connection is slow, one where the host asks for less', { timeout: 3 * MINUTE }, async () => {
  const slow = host(body);
  slow.always = { rate: 1.5e6 };
  await assertStored(engine, await download(engine, [slow], { sha256 }), body);
  assert.ok(slow.mostOpen >= 2, `${slow.mostOpen} at a time`);
  assert.equal(slow.resent, 0);
  await clear(engine);
  const strict = host(body);
  strict.script = [{ rate: 8e6 }, { status: 429 }];
  strict.always = { rate: 8e6 };
  await assertStored(engine, await download(engine, [strict], { sha256 }), body);
  assert.equal(strict.mostOpen, 1);
});

test('a host that redirects to another site and tells that site\'s scripts no lengths of ranges', { timeout: 2 * MINUTE }, async () => {
  for (const hideRange of [false, true]) {
    const file = host(body);
    file.always = { hideRange };
    const foreign = await serve({ handlers: { '/model.gguf': file.handle } });
    const address = `/net/redirect-${hideRange}/model.gguf`;
    handlers[address] = (_, response) => response.writeHead(302, { Location: `${foreign.origin}/model.gguf` }).end();
    try {
      await assertStored(engine, (await engine.request({ type: 'download', urls: [address], sha256 })).model, body);
      file.assertPlain(assert);
      await clear(engine);
    } finally {
      await foreign.close();
    }
  }
});
