// What the tests of downloads share: a model of a few chunks, files at addresses of the page's own origin, and the look at
// what came of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openEngine } from './engine.mjs';
import { FaultyFile, hashOf } from './faulty.mjs';
import { MODELS, anyFixture } from './fixtures.mjs';
import { modelAround } from './vocabulary.mjs';

/** As in src/source/digests.rs. */
export const CHUNK = 4 << 20;

const SIZES = { hidden: 1024, heads: 8, kvHeads: 4, feedForward: 2048, layers: 2 };

/** A model of about 40 MB with a fixture's vocabulary: ten chunks, the last one short. `sizes` make it another one. */
export function bigModel(sizes = {}) {
  const fixture = anyFixture();
  return modelAround(readFileSync(path.join(MODELS, `${fixture.name}.gguf`)), { ...SIZES, ...sizes });
}

/** The same model with other weights: the header is equal, and most chunks are not. */
export function otherVersion(body) {
  const other = Buffer.from(body);
  for (let at = body.length >> 3; at < other.length; at += 4096) other[at] ^= 1;
  return other;
}

/** An engine whose site has files that go wrong. */
export async function openDownloads(options = {}) {
  const handlers = {};
  const engine = await openEngine({ ...options, handlers });
  let number = 0;
  /** A new file; `url` is where it lies. */
  const host = (body, name = 'model.gguf') => {
    const file = new FaultyFile(body);
    file.url = `/net/${++number}/${name}`;
    handlers[file.url] = file.handle;
    return file;
  };
  /** A small text at an address of its own. */
  const text = (body, name) => {
    const url = `/net/${++number}/${name}`;
    handlers[url] = (_, response) => response.writeHead(200, { 'Content-Type': 'text/plain' }).end(body);
    return url;
  };
  return { engine, handlers, host, text };
}

/** Downloads from these files; the stored model. */
export async function download(engine, files, plan = {}, options = {}) {
  const command = { type: 'download', urls: files.map((file) => file.url), ...plan };
  return (await engine.request(command, options)).model;
}

/** Checks that a stored model is `body`, byte for byte, and what is said of its hash. */
export async function assertStored(engine, model, body, integrity = 'published') {
  const sha256 = hashOf(body);
  assert.deepEqual(model.integrity, { type: integrity, sha256 });
  assert.equal(model.bytes, body.length);
  assert.equal(await engine.hash(model.place.path), sha256);
}

/** Leaves nothing in the library. */
export async function clear(engine) {
  const { models, unfinished } = await engine.request({ type: 'list_models' });
  for (const { id } of [...models, ...unfinished]) await engine.request({ type: 'remove', model: id });
  const left = await engine.request({ type: 'purge' });
  assert.deepEqual([left.models, left.unfinished, left.removed], [[], [], []]);
}

/** Waits until `condition` is true. */
export async function until(condition, what, timeout = 60_000) {
  const started = Date.now();
  while (!(await condition())) {
    if (Date.now() - started > timeout) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
