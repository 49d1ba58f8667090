// What goes wrong with a sound model: a prompt that is too long, a context that does not exist, a full disk, two
// requests at once, a stop. Each ends with one clear error or none, and the model goes on answering.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EngineError, openEngine } from './lib/engine.mjs';
import { anyFixture } from './lib/fixtures.mjs';
import { evaluate, largestDifference } from './lib/golden.mjs';

const MINUTE = 60_000;
const CONTEXT = 512;
const fixture = anyFixture();
const greedy = { temperature: 0, repetition_penalty: 1 };
const hello = { type: 'chat', messages: [{ role: 'user', content: 'hello' }], options: { ...greedy, max_tokens: 4 } };
let engine;
let stored;

before(async () => {
  engine = await openEngine();
  stored = await engine.import(`/fixtures/${fixture.name}.gguf`);
  await engine.load(stored.id, { contextLength: CONTEXT, kvType: 'f32' });
});
after(() => engine?.close());

/** The code of the error that a promise ends with. */
async function codeOf(promise) {
  const error = await promise.then(() => assert.fail('there was no error'), (error) => error);
  assert.ok(error instanceof EngineError, error.stack);
  return error.code;
}

/** The model still answers. */
async function answers() {
  const { reason, stats } = await engine.request(hello);
  assert.ok(['stop', 'length'].includes(reason), reason);
  assert.ok(stats.prompt_tokens > 0);
}

test('a prompt longer than the context is refused', { timeout: 5 * MINUTE }, async () => {
  const content = 'word '.repeat(4 * CONTEXT);
  assert.equal(await codeOf(engine.request({ ...hello, messages: [{ role: 'user', content }] })), 'context_full');
  assert.equal(await codeOf(engine.request({ type: 'complete', prompt: content, options: greedy })), 'context_full');
  await answers();
});

test('an answer ends where the context does', { timeout: 10 * MINUTE }, async () => {
  // Ids of text, 8 short of the context; no stop token is likely in so few steps, and it would be a fair end.
  const { ids } = await engine.request({ type: 'tokenize', text: 'the river '.repeat(CONTEXT), parse_special: false });
  const { text } = await engine.request({ type: 'detokenize', ids: ids.slice(0, CONTEXT - 8) });
  const { reason, stats } = await engine.request({ type: 'complete', prompt: text, options: greedy });
  assert.ok(['context_full', 'stop'].includes(reason), reason);
  assert.ok(stats.context_used <= CONTEXT);
  await answers();
});

test('parameters out of range are refused', async () => {
  const wrong = [{ temperature: -1 }, { top_p: 2 }, { min_p: -0.1 }, { repetition_penalty: 0 }];
  for (const options of wrong) {
    assert.equal(await codeOf(engine.request({ ...hello, options })), 'bad_request', JSON.stringify(options));
  }
  await answers();
});

test('a context that the model does not have is refused, and the loaded model stays', async () => {
  for (const contextLength of [0, 1 << 30]) {
    assert.equal(await codeOf(engine.load(stored.id, { contextLength })), 'bad_request');
  }
  await answers();
});

test('a second request at the same time is told to wait, and the first is not disturbed', { timeout: 5 * MINUTE }, async () => {
  const first = engine.request({ ...hello, options: { ...greedy, max_tokens: 40 } });
  assert.equal(await codeOf(engine.request(hello)), 'busy');
  assert.ok((await first).stats.generated_tokens > 0);
});

test('a stop ends an answer within a token', { timeout: 5 * MINUTE }, async () => {
  // The other worker is as another tab: one of them has a model at a time.
  await engine.request({ type: 'unload' });
  const { reason, textsAfterStop } = await engine.page.evaluate(async () => {
    const worker = new Worker('./worker_loader.js', { type: 'module' });
    const send = (id, command) => worker.postMessage({ json: JSON.stringify({ id, command }) });
    const events = [];
    const next = (wanted) => new Promise((resolve) => {
      worker.addEventListener('message', function hear({ data }) {
        const reply = JSON.parse(data);
        if (wanted(reply)) { worker.removeEventListener('message', hear); resolve(reply.event); }
      });
    });
    worker.addEventListener('message', ({ data }) => events.push(JSON.parse(data)));
    await next(({ event }) => event.type === 'ready');
    const listed = next(({ id }) => id === 1);
    send(1, { type: 'list_models' });
    const model = (await listed).models[0].id;
    const loaded = next(({ id, event }) => id === 2 && ['loaded', 'failed'].includes(event.type));
    send(2, { type: 'load', model, options: { contextLength: 512 } });
    await loaded;
    const text = next(({ id, event }) => id === 3 && event.type === 'text');
    const finished = next(({ id, event }) => id === 3 && ['finished', 'failed'].includes(event.type));
    send(3, { type: 'complete', prompt: 'the river', options: { temperature: 1, top_k: 0, top_p: 1, seed: 3 } });
    await text;
    const told = next(({ id }) => id === 4);
    send(4, { type: 'cancel', request: 3 });
    await told;
    const at = events.length;
    const { reason } = await finished;
    const textsAfterStop = events.slice(at).filter(({ event }) => event.type === 'text').length;
    worker.terminate();
    return { reason, textsAfterStop };
  });
  assert.equal(reason, 'cancelled');
  assert.ok(textsAfterStop <= 1, `${textsAfterStop} texts after the stop was taken`);
});

test('a full disk is said so, and what is stored stays whole', { timeout: 5 * MINUTE }, async () => {
  const session = await engine.page.context().newCDPSession(engine.page);
  const quota = (quotaSize) => session.send('Storage.overrideQuotaForOrigin', { origin: engine.origin, ...(quotaSize && { quotaSize }) });
  const before = (await engine.request({ type: 'list_models' })).models;
  await quota(before.reduce((sum, model) => sum + model.bytes, 0) + 100_000);
  try {
    assert.equal(await codeOf(engine.import(`/fixtures/${fixture.name}.gguf`)), 'storage_full');
  } finally {
    await quota();
  }
  assert.deepEqual((await engine.request({ type: 'list_models' })).models, before);
  await engine.load(stored.id, { contextLength: CONTEXT, kvType: 'f32' });
  const { logits } = await evaluate(engine, fixture.prompt, 'prefill');
  assert.ok(largestDifference(logits, fixture.logits.all) < 2e-3);
});
