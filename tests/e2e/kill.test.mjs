// The browser is killed in the middle of a download, again and again: each start goes on where the last has ended, and none
// loses more than a chunk.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { startChromium } from './lib/chromium.mjs';
import { CHUNK, assertStored, bigModel, until } from './lib/downloads.mjs';
import { Engine } from './lib/engine.mjs';
import { FaultyFile, hashOf } from './lib/faulty.mjs';
import { DIST } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
const KILLS = 20;
/** So that the places of the kills spread over the file. */
const RATE = 6e6;

test('a browser that is killed 20 times completes its download, and loses less than a chunk each time', { timeout: 8 * MINUTE }, async (t) => {
  const body = bigModel();
  const sha256 = hashOf(body);
  const file = new FaultyFile(body);
  file.always = { rate: RATE };
  const server = await serve({
    mounts: { '/': DIST },
    pages: { '/blank.html': { body: '<!doctype html><link rel="icon" href="data:,">' } },
    handlers: { '/net/model.gguf': file.handle },
  });
  const profile = mkdtempSync(path.join(tmpdir(), 'inkstone-kill-'));
  const command = { type: 'download', urls: ['/net/model.gguf'], sha256 };
  const random = randomFrom(20_261_127);
  const points = Array.from({ length: KILLS }, () => Math.floor(random() * body.length)).sort((a, b) => a - b);
  const losses = [];
  try {
    for (const point of points) {
      const { engine, kill } = await open(profile, server);
      const before = file.resent;
      const { id, last } = await engine.begin(command);
      // Bytes that were sent for the first time: the browser may be anywhere with them.
      await until(() => file.sent - file.resent >= point || ended(last), `byte ${point}`, MINUTE);
      await kill();
      losses.push(file.resent - before);
      assert.ok(id > 0);
    }
    file.always = {};
    const { engine, kill } = await open(profile, server);
    const before = file.resent;
    await assertStored(engine, (await engine.request(command)).model, body);
    losses.push(file.resent - before);
    await kill();
    t.diagnostic(`bytes sent again after each kill: ${losses.slice(1).join(', ')}`);
    assert.equal(losses.length, KILLS + 1);
    assert.ok(losses.every((loss) => loss <= CHUNK), `more than a chunk was lost: ${losses}`);
    file.assertPlain(assert);
  } finally {
    await server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

async function open(profile, server) {
  const { page, context, kill } = await startChromium(profile);
  const engine = new Engine(page, { context, errors: [], requests: [] }, server, kill);
  await engine.start();
  return { engine, kill };
}

/** Whether a promise is settled; asked for in every round, so it must not wait. */
function ended(promise) {
  const pending = {};
  return Promise.race([promise.catch(() => null), Promise.resolve(pending)]).then((value) => value !== pending);
}

/** Numbers from 0 to 1, always the same ones (mulberry32, public domain). */
function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
