// Malformed files, one fault each: refused with a reason that is not "a bug", nothing of them is kept, and the worker
// still works afterwards.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { EngineError, openEngine } from './lib/engine.mjs';
import { BAD, anyFixture } from './lib/fixtures.mjs';
import { evaluate, largestDifference, printTable } from './lib/golden.mjs';

const index = BAD ? JSON.parse(readFileSync(path.join(BAD, 'index.json'), 'utf8')) : {};
const rows = [];
let engine;

before(async () => {
  engine = await openEngine({
    pages: {
      '/served/page.gguf': { type: 'text/html', body: '<!doctype html><title>Sign in</title>' },
      '/served/text.gguf': { type: 'application/octet-stream', body: 'no model at all, but long enough for a header' },
    },
  });
});
after(async () => {
  printTable('Why each malformed file is refused', rows);
  await engine?.close();
});

/** The error that a promise ends with; fails if it ends well. */
async function refusal(promise, file) {
  const error = await promise.then(() => assert.fail(`${file} was accepted`), (error) => error);
  assert.ok(error instanceof EngineError, `${file}: ${error.stack}`);
  assert.notEqual(error.code, 'internal', `${file}: ${error.message}`);
  return error;
}

async function storedModels() {
  return (await engine.request({ type: 'list_models' })).models;
}

test('there are malformed files', { skip: BAD ? false : 'SKIPPED: no folder of malformed files' }, () => {
  assert.ok(Object.keys(index).length > 10);
});

for (const [file, { stage, fault }] of Object.entries(index)) {
  test(`${file}: ${fault}`, { timeout: 10 * 60_000 }, async () => {
    if (stage === 'none') {
      const stored = await engine.import(`/bad/${file}`);
      await engine.load(stored.id);
      await engine.request({ type: 'remove', model: stored.id });
      return rows.push({ file, step: '-', code: 'loads' });
    }
    let step = 'import';
    let imported = engine.import(`/bad/${file}`);
    if (stage === 'poison') {
      // Such a file is well-formed: its weights are not looked at before they are needed.
      const stored = await imported.catch(() => null);
      if (stored) {
        step = 'load';
        const error = await refusal(engine.load(stored.id), file);
        assert.equal(error.code, 'not_finite');
        await engine.request({ type: 'remove', model: stored.id });
        return rows.push({ file, step, code: error.code });
      }
    }
    const { code } = await refusal(imported, file);
    rows.push({ file, step, code });
    assert.deepEqual(await storedModels(), [], 'nothing of it is kept');
  });
}

test('an address outside the allow-list is refused before anything is fetched', async () => {
  const port = Number(new URL(engine.origin).port);
  const elsewhere = [
    'https://example.com/model.gguf',
    'http://huggingface.co/internlm/x/resolve/main/model.gguf',
    'https://huggingface.co@127.0.0.1/model.gguf',
    'https://huggingface.co.example.com/model.gguf',
    `http://127.0.0.1:${port - 1}/fixtures/model.gguf`,
    'file:///etc/hosts',
    '',
  ];
  const before = engine.requests.length;
  for (const url of elsewhere) {
    assert.equal((await refusal(engine.request({ type: 'download', urls: [url] }), url)).code, 'url_not_allowed', url);
  }
  assert.deepEqual(engine.requests.slice(before), []);
});

test('a download that is no model is refused with the reason', async () => {
  const codes = { 'missing.gguf': 'http_status', 'page.gguf': 'http_content', 'text.gguf': 'not_gguf' };
  for (const [file, expected] of Object.entries(codes)) {
    const url = `${engine.origin}/served/${file}`;
    assert.equal((await refusal(engine.request({ type: 'download', urls: [url] }), url)).code, expected, file);
  }
  assert.deepEqual(await storedModels(), [], 'nothing of it is kept');
});

test('a message that makes no sense is refused', async () => {
  const chat = { type: 'chat', messages: [{ role: 'user', content: 'hello' }] };
  assert.equal((await refusal(engine.request(chat), 'chat without a model')).code, 'not_loaded');
  const missing = { type: 'load', model: 'no-such-model.gguf' };
  assert.equal((await refusal(engine.request(missing), 'a model that is not there')).code, 'not_found');
});

test('the same worker still computes what it should', { timeout: 10 * 60_000 }, async () => {
  const fixture = anyFixture();
  const stored = await engine.import(`/fixtures/${fixture.name}.gguf`);
  await engine.load(stored.id, { contextLength: 512, kvType: 'f32' });
  const { logits } = await evaluate(engine, fixture.prompt, 'prefill');
  assert.ok(largestDifference(logits, fixture.logits.all) < 2e-3);
});
