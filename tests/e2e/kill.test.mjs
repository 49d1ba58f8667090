// The browser is killed in the middle of a download, again and again: each start goes on where the last has ended, and none
// loses more than a chunk.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { startChromium } from './lib/chromium.mjs';
import { CHUNK, assertStored, bigModel, until } from './lib/downloads.mjs';
import { Engine } from './lib/engine.mjs';
import { FaultyFile, hashOf } from './lib/faulty.mjs';
import { DIST } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
const KILLS = 20;
/** Slow enough for the places of the kills to spread over the file, also where the machine is busy with other things. */
const RATE = 3e6;

const body = bigModel();
const sha256 = hashOf(body);
let file;
let server;
let profile;
beforeEach(async () => {
  file = new FaultyFile(body);
  server = await serve({
    mounts: { '/': DIST },
    pages: { '/blank.html': { body: '<!doctype html><link rel="icon" href="data:,">' } },
    handlers: { '/net/model.gguf': file.handle },
  });
  profile = mkdtempSync(path.join(tmpdir(), 'inkstone-kill-'));
});
afterEach(async () => {
  await server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
});

test('a browser that is killed 20 times completes its download, and loses less than a chunk each time', { timeout: 8 * MINUTE }, async (t) => {
  file.always = { rate: RATE };
  const random = randomFrom(20_261_127);
  const points = Array.from({ length: KILLS }, () => Math.floor(random() * body.length)).sort((a, b) => a - b);
  const losses = [];
  for (const point of points) losses.push(await downloadUntil(() => file.whenSent(point)));
  losses.push(await complete());
  t.diagnostic(`bytes sent again after each kill: ${losses.slice(1).join(', ')}`);
  assert.ok(losses.every((loss) => loss <= CHUNK), `more than a chunk was lost: ${losses}`);
  file.assertPlain(assert);
});

test('a kill while several requests are under way costs less than a chunk in all', { timeout: 2 * MINUTE }, async (t) => {
  file.always = { rate: RATE / 4 };
  await downloadUntil(() => until(() => file.open >= 2, 'two requests at a time'));
  const loss = await complete();
  t.diagnostic(`${loss} bytes sent again after a kill with ${file.mostOpen} requests`);
  assert.ok(loss <= CHUNK);
});

const command = { type: 'download', urls: ['/net/model.gguf'], sha256 };

/** Goes on with the download until `reached` resolves, then kills the browser; the bytes that were sent again. */
async function downloadUntil(reached) {
  const before = file.resent;
  const { engine, kill } = await open();
  try {
    const { last } = await engine.begin(command);
    // It cannot end by itself before that.
    await Promise.race([reached(), last.then(() => assert.fail('all has arrived'))]);
  } finally {
    await kill();
  }
  return file.resent - before;
}

/** Brings the rest without delay, and checks all of it; the bytes that were sent again. */
async function complete() {
  file.always = {};
  const before = file.resent;
  const { engine, kill } = await open();
  try {
    await assertStored(engine, (await engine.request(command)).model, body);
  } finally {
    await kill();
  }
  return file.resent - before;
}

async function open() {
  const { page, context, kill } = await startChromium(profile);
  const engine = new Engine(page, { context, errors: [], requests: [] }, server, kill);
  await engine.start();
  return { engine, kill };
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
