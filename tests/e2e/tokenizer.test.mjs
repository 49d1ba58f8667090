// The real vocabulary in the browser: every golden case, both ways, and the stream that a person sees. The vocabulary
// is not part of the project; without it these tests are skipped and say so.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openEngine } from './lib/engine.mjs';
import { TOKENIZER } from './lib/fixtures.mjs';
import { modelAround } from './lib/vocabulary.mjs';

const SLOWEST_MS = 1000;
const skip = TOKENIZER ? false : 'SKIPPED: the real vocabulary is not here (INKSTONE_TOKENIZER names its folder)';

const read = (file) => readFileSync(path.join(TOKENIZER, file));
const cases = TOKENIZER ? read('cases.jsonl').toString().trim().split('\n').map((line) => JSON.parse(line)) : [];
const small = TOKENIZER ? JSON.parse(read('golden_small.json')).cases : [];

describe('the real vocabulary', { skip, timeout: 20 * 60_000 }, () => {
  let engine;
  let folder;
  let loaded;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'inkstone-vocabulary-'));
    writeFileSync(path.join(folder, 'vocabulary.gguf'), modelAround(read('ggml-vocab-internlm2_5.gguf')));
    engine = await openEngine({ mounts: { '/made/': folder } });
    const stored = await engine.import('/made/vocabulary.gguf');
    loaded = await engine.load(stored.id, { contextLength: 256 });
  });
  after(async () => {
    await engine?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const tokenize = async (text, parse_special) => (await engine.request({ type: 'tokenize', text, parse_special })).ids;
  const detokenize = (ids) => engine.request({ type: 'detokenize', ids });

  /** Checks all cases and fails with the first few that differ. */
  async function all(cases, check) {
    assert.ok(cases.length > 0);
    const wrong = [];
    for (const one of cases) {
      await check(one).catch((error) => wrong.push(`${JSON.stringify(one.text ?? one.ids).slice(0, 100)}: ${error.message}`));
    }
    assert.equal(wrong.length, 0, `${wrong.length} of ${cases.length} cases differ\n${wrong.slice(0, 5).join('\n')}`);
    console.log(`  ${cases.length} cases`);
  }

  test('is ready within a second', () => {
    console.log(`  tokenizer built in ${loaded.tokenizer_ms.toFixed(0)} ms (with the model: ${loaded.load_ms.toFixed(0)} ms)`);
    assert.equal(loaded.chat, true);
    assert.ok(loaded.tokenizer_ms < SLOWEST_MS, `${loaded.tokenizer_ms} ms`);
  });

  test('gives the official ids', () =>
    all(cases.filter(({ text }) => text !== undefined), async ({ text, parse_special, ids }) => {
      assert.deepEqual(await tokenize(text, parse_special), ids);
    }));

  test('gives the official texts back', () =>
    all(cases.filter(({ text }) => text !== undefined), async ({ ids, decode, decode_skip_special }) => {
      const pieces = await detokenize(ids);
      assert.equal(pieces.text, decode);
      assert.equal(pieces.text_without_specials, decode_skip_special);
    }));

  test('agrees with the first 42 cases too', () =>
    all(small, async ({ text, ids, decode_keep_special, decode_skip_special }) => {
      assert.deepEqual(await tokenize(text, true), ids);
      const pieces = await detokenize(ids);
      assert.equal(pieces.text, decode_keep_special);
      assert.equal(pieces.text_without_specials, decode_skip_special);
    }));

  test('shows each character as soon as it is complete', () =>
    all(cases.filter(({ kind }) => kind === 'stream'), async ({ ids, emit, flush }) => {
      const pieces = await detokenize(ids);
      assert.deepEqual(pieces.emit, emit);
      assert.equal(pieces.flush, flush);
    }));

  test('replaces bytes that are no text, and loses none', () =>
    all(cases.filter(({ kind }) => kind === 'stream_broken'), async ({ ids, emit, flush }) => {
      const pieces = await detokenize(ids);
      assert.equal(pieces.emit.join('') + pieces.flush, emit.join('') + flush);
    }));
});
