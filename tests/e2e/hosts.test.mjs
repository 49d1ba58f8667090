// Hosts on which the file is another one than it was: with and without a name for its versions, of another length, damaged
// each time, behind addresses that expire. What can be right in the end is, and no more is fetched again than is in doubt.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { CHUNK, assertStored, bigModel, clear, download, openDownloads, otherVersion, until } from './lib/downloads.mjs';
import { digestsOf, hashOf } from './lib/faulty.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
const body = bigModel();
const other = otherVersion(body);
const longer = bigModel({ feedForward: 2112 });
const sha256 = hashOf(body);
const chunks = [...Array(Math.ceil(body.length / CHUNK)).keys()];
const YESTERDAY = 'Thu, 26 Nov 2026 08:00:00 GMT';
const TODAY = 'Fri, 27 Nov 2026 08:00:00 GMT';

let engine;
let host;
let text;
let handlers;
before(async () => {
  ({ engine, host, text, handlers } = await openDownloads());
}, { timeout: 2 * MINUTE });
afterEach(() => clear(engine));
after(() => engine?.close());

const unfinished = async () => (await engine.request({ type: 'list_models' })).unfinished;

test('a host without names for versions changes its file and changes it back: the hash tells', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.etag = undefined;
  file.script = [null, { body: other }, { body }];
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  // Which chunks are of the other version nobody can know.
  assert.ok(file.counts.every((count) => count <= 2));
  file.assertPlain(assert);
});

test('a version by its date is as good as one by its name', { timeout: MINUTE }, async () => {
  const file = host(body);
  [file.etag, file.modified] = [undefined, YESTERDAY];
  file.script = [null, { body: other, modified: TODAY }];
  await assertStored(engine, await download(engine, [file]), other, 'recorded');
});

test('with published digests only the chunks of the other version are fetched again', { timeout: MINUTE }, async () => {
  const digests = text(digestsOf(body, CHUNK), 'model.gguf.digests.json');
  const file = host(body);
  const { etag } = file;
  file.script = [null, { body: other, etag: '"other"' }, { body, etag }];
  await assertStored(engine, await download(engine, [file], { digests }), body);
  const inOther = file.resentChunks(CHUNK);
  assert.ok(inOther.length > 0 && inOther.every((chunk) => chunk >= 4), `${inOther}`);
  assert.ok(file.counts.every((count) => count <= 2));
});

test('a file of another length midway: another host goes on, and no byte comes twice', { timeout: 2 * MINUTE }, async () => {
  const files = [host(body), host(body)];
  files[0].script = [null, { body: longer, etag: '"longer"' }];
  await assertStored(engine, await download(engine, files, { sha256 }), body);
  assert.deepEqual(files.map(({ sent, resent }) => [sent > 0, resent]), [[true, 0], [true, 0]]);
  assert.equal(files[0].counts.reduce((sum, count, at) => sum + Math.max(0, count + files[1].counts[at] - 1), 0), 0);
});

test('where there is no other host and no hash, it is said, and can be begun anew', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.script = [null, { body: longer, etag: '"longer"' }];
  await assert.rejects(download(engine, [file]), { code: 'hash_mismatch' });
  const [{ id, received }] = await unfinished();
  assert.equal(received, 4 * CHUNK);
  await engine.request({ type: 'remove', model: id });
  await assertStored(engine, await download(engine, [file]), longer, 'recorded');
});

test('a host that damages a chunk each time is left for another, and that chunk alone comes from there', { timeout: MINUTE }, async () => {
  const digests = text(digestsOf(body, CHUNK), 'model.gguf.digests.json');
  const files = [host(body), host(body)];
  files[0].always = { corrupt: [2 * CHUNK + 1] };
  await assertStored(engine, await download(engine, files, { digests }), body);
  assert.equal(files[0].counts[5 * CHUNK], 1);
  assert.equal(files[1].counts[2 * CHUNK + 1], 1);
  assert.ok(files[1].counts.subarray(0, CHUNK).every((count) => count === 0));
});

test('where it is the only host it is said, and what was sound is of use to the next try', { timeout: 2 * MINUTE }, async () => {
  for (const digests of [undefined, text(digestsOf(body, CHUNK), 'model.gguf.digests.json')]) {
    const file = host(body);
    file.always = { corrupt: [7 * CHUNK + 1] };
    await assert.rejects(download(engine, [file], { sha256, digests }), { code: 'hash_mismatch' });
    assert.equal((await unfinished()).length, 1);
    file.always = {};
    file.counts.fill(0);
    await assertStored(engine, await download(engine, [file], { sha256, digests }), body);
    // Without digests all up to the damaged one are in doubt; with them none but that one.
    const inDoubt = digests ? [7] : [0, 1, 2, 3, 4, 5, 6, 7];
    assert.deepEqual(inDoubt, chunks.filter((chunk) => file.counts[chunk * CHUNK] > 0));
    assert.ok(file.counts.every((count) => count <= 1));
    await clear(engine);
  }
});

test('answers of another range than was asked for, and shorter than announced, bring nothing wrong', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.script = [{ shift: 1 }, { length: 3 * CHUNK + 5 }, { shift: -1 }];
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  assert.equal(file.resent, 0);
  file.assertPlain(assert);
});

test('an address that leads to one that expires is asked anew for each part', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  file.cuts = [3 * CHUNK + 9, 7 * CHUNK];
  const used = new Set();
  const signed = (request, response) => {
    if (used.has(request.url)) return response.writeHead(403, { 'Access-Control-Allow-Origin': '*' }).end();
    used.add(request.url);
    return file.handle(request, response);
  };
  const store = await serve({ handlers: { '/signed': signed } });
  let number = 0;
  handlers['/net/resolve/model.gguf'] = (_, response) =>
    response.writeHead(302, { Location: `${store.origin}/signed?expires=${++number}` }).end();
  try {
    await assertStored(engine, (await engine.request({ type: 'download', urls: ['/net/resolve/model.gguf'], sha256 })).model, body);
    assert.equal(file.resent, 0);
    assert.ok(number >= 4);
    file.assertPlain(assert);
  } finally {
    await store.close();
  }
});

test('a download that has brought something outlasts any number of failures', { timeout: 3 * MINUTE }, async () => {
  const files = [host(body), host(body)];
  files[0].script = [null, ...Array(6).fill({ status: 503 })];
  files[1].always = { status: 500 };
  const { id, last } = await engine.begin({ type: 'download', urls: files.map(({ url }) => url), sha256 });
  last.then(() => (files.done = true), () => (files.done = true));
  // The person is impatient.
  await until(async () => {
    await engine.request({ type: 'try_now', request: id });
    return files.done;
  }, 'the end');
  await assertStored(engine, (await last).model, body);
  assert.equal(files[0].resent + files[1].sent, 0);
});
