// Bytes that are not the right ones: damaged on their way, of another version of the file, damaged on the disk later. The
// file that counts as a model in the end is the published one, and no more is fetched again than must be.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { CHUNK, assertStored, bigModel, clear, download, openDownloads, otherVersion } from './lib/downloads.mjs';
import { digestsOf, hashOf, pointerOf } from './lib/faulty.mjs';

const MINUTE = 60_000;
const body = bigModel();
const other = otherVersion(body);
const sha256 = hashOf(body);

let engine;
let host;
let text;
before(async () => {
  ({ engine, host, text } = await openDownloads());
}, { timeout: 2 * MINUTE });
afterEach(() => clear(engine));
after(() => engine?.close());

/** Writes into the engine's own file while nobody holds it. */
const damage = (model, at) => engine.page.evaluate(async ([path, at]) => {
  const [folder, name] = path.split('/');
  const root = await navigator.storage.getDirectory();
  const handle = await (await root.getDirectoryHandle(folder)).getFileHandle(name);
  const stream = await handle.createWritable({ keepExistingData: true });
  await stream.write({ type: 'write', position: at, data: new Uint8Array([1, 2, 3, 4, 5]) });
  await stream.close();
}, [model.place.path, at]);
const listed = () => engine.request({ type: 'list_models' });

test('with published digests a damaged chunk is known at once, and it alone is fetched again', { timeout: MINUTE }, async () => {
  const digests = text(digestsOf(body, CHUNK), 'model.gguf.digests.json');
  for (const at of [5, CHUNK - 1, 3 * CHUNK + 77, body.length - 1]) {
    const file = host(body);
    file.script = [{ corrupt: [at] }, { corrupt: [at] }, { corrupt: [at] }];
    await assertStored(engine, await download(engine, [file], { digests }), body);
    assert.deepEqual(file.resentChunks(CHUNK), [Math.floor(at / CHUNK)]);
    await clear(engine);
  }
});

test('without them the hash of the whole tells, and the chunk is found by fetching each at most once more', { timeout: 2 * MINUTE }, async () => {
  const at = 2 * CHUNK + 77;
  const file = host(body);
  file.script = [{ corrupt: [at] }];
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  assert.ok(file.counts.every((count) => count <= 2));
  // The search ends when the file is right: what lies behind the chunk is not fetched again.
  assert.ok(file.counts.subarray(3 * CHUNK).every((count) => count === 1));
});

test('another host is asked first, when there is one', { timeout: 2 * MINUTE }, async () => {
  const bad = host(body);
  const good = host(body);
  bad.always = { corrupt: [CHUNK + 5] };
  await assertStored(engine, await download(engine, [bad, good], { sha256 }), body);
  assert.equal(bad.resent, 0);
  assert.equal(good.sent, 2 * CHUNK);
});

test('a damaged header is fetched again before the file is called no model', { timeout: MINUTE }, async () => {
  const file = host(body);
  file.script = [{ corrupt: [0, 100] }];
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  assert.deepEqual(file.resentChunks(CHUNK), [0]);
});

test('what is no model is refused after its first chunk, and leaves nothing', { timeout: MINUTE }, async () => {
  const file = host(Buffer.alloc(5 * CHUNK, 'no model. '));
  file.always = { rate: 8e6 };
  await assert.rejects(download(engine, [file]), { code: 'not_gguf' });
  assert.ok(file.sent < 3 * CHUNK);
  assert.deepEqual((await listed()).unfinished, []);
});

test('a file that is changed midway: the newest is taken where no hash says otherwise', { timeout: MINUTE }, async () => {
  const file = host(body);
  file.script = [null, { body: other, etag: '"other"' }];
  await assertStored(engine, await download(engine, [file]), other, 'recorded');
});

test('the published one where a hash says so, though the host changes its mind twice', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  const etag = file.etag;
  file.script = [null, { body: other, etag: '"other"' }, { body, etag }];
  await assertStored(engine, await download(engine, [file], { sha256 }), body);
  // Only what came of the other version is fetched again.
  assert.ok(file.counts.subarray(0, 4 * CHUNK).every((count) => count === 1));
});

test('a host whose file is not the published one is told from one that is', { timeout: 3 * MINUTE }, async () => {
  const wrong = host(other);
  await assert.rejects(download(engine, [wrong], { sha256 }), { code: 'hash_mismatch' });
  assert.equal((await listed()).unfinished.length, 1);
  // What has arrived is of use where it is the same.
  const right = host(body);
  await assertStored(engine, await download(engine, [wrong, right], { sha256 }), body);
});

test('without a hash what arrives is recorded; a pointer tells it beforehand', { timeout: MINUTE }, async () => {
  const file = host(body);
  await assertStored(engine, await download(engine, [file]), body, 'recorded');
  await clear(engine);
  const pointers = [text('<html>not found</html>', 'none.gguf'), text(pointerOf(body), 'pointer.gguf')];
  await assertStored(engine, await download(engine, [host(body)], { pointers }), body);
  await clear(engine);
  await assert.rejects(download(engine, [host(other)], { pointers }), { code: 'hash_mismatch' });
});

test('what is stored already is not fetched again, wherever it is from', { timeout: MINUTE }, async () => {
  await download(engine, [host(body)], { sha256 });
  const again = host(body);
  await assertStored(engine, await download(engine, [again], { sha256 }), body);
  assert.equal(again.requests.length, 0);
});

test('damage on the disk is found by a check and healed by fetching that chunk alone', { timeout: 2 * MINUTE }, async () => {
  const file = host(body);
  const model = await download(engine, [file], { sha256 });
  const verify = async () => (await engine.request({ type: 'verify', model: model.id })).report;
  assert.deepEqual(await verify(), { model: model.id, sha256, verdict: { type: 'published' } });
  await engine.damage(model.place.path, 4 * CHUNK + 9, [1, 2, 3, 4, 5]);
  assert.deepEqual((await verify()).verdict, { type: 'damaged', bytes: CHUNK });
  const { models, unfinished } = await listed();
  assert.deepEqual(models, []);
  assert.equal(unfinished[0].halt, 'damaged');
  assert.equal(unfinished[0].received, body.length - CHUNK);
  await assertStored(engine, (await engine.request({ type: 'download', ...unfinished[0].plan })).model, body);
  assert.deepEqual(file.resentChunks(CHUNK), [4]);
});

test('files of the user\'s have a hash from the first check on, and damage is found from then', { timeout: MINUTE }, async () => {
  const model = await engine.import(host(body, 'mine.gguf').url);
  assert.deepEqual(model.integrity, { type: 'unknown' });
  const verify = async () => (await engine.request({ type: 'verify', model: model.id })).report.verdict;
  assert.deepEqual(await verify(), { type: 'first_hash' });
  assert.deepEqual(await verify(), { type: 'unchanged' });
  await assertStored(engine, (await listed()).models[0], body, 'recorded');
  await damage(model, 4 * CHUNK + 9);
  assert.deepEqual(await verify(), { type: 'damaged', bytes: CHUNK });
  // There is nowhere to fetch it from: it has to be added again.
  assert.deepEqual((await listed()).unfinished.map(({ halt, plan }) => [halt, plan.urls]), [['damaged', []]]);
  await engine.import(host(body, 'mine.gguf').url);
  assert.deepEqual((await listed()).models.map(({ id }) => id), [model.id]);
});
