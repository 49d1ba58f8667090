// Every model fixture through the whole engine in the browser: storage, upload, kernels, both ways through the model.
// The expectations are those of an independent reference; a wrong rope form, head map or mask moves some logit by 4.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openEngine } from './lib/engine.mjs';
import { modelFixtures } from './lib/fixtures.mjs';
import { assertBestIds, assertGreedy, evaluate, largestDifference, largestDifferenceOfSome, printTable } from './lib/golden.mjs';

const EXACT = 2e-3;
const F16_CACHE = 0.05;
const CONTEXT = 512;

/** Every variant that this adapter would not choose by itself, in some combination. */
const OTHERS = [
  ['matvec_rows', 'matmul_rows', 'attention_tiles'],
  ['matvec_lanes', 'matmul_tiles', 'attention_queries'],
  ['matvec_subgroups', 'matmul_tiles', 'attention_tiles'],
];

const fixtures = modelFixtures();
const rows = [];
let engine;

before(async () => {
  engine = await openEngine();
});
after(async () => {
  printTable('Largest difference of a logit from the reference', rows);
  await engine?.close();
});

test('there are model fixtures to compare with', () => assert.ok(fixtures.length > 0));

for (const fixture of fixtures) {
  const { name, prompt, long } = fixture;
  test(`${name} computes what the reference computes`, { timeout: 30 * 60_000 }, async () => {
    const stored = await engine.import(`/fixtures/${name}.gguf`);
    assert.equal(stored.bytes, fixture.bytes);
    assert.equal(stored.shape.vocabulary, fixture.spec.vocab);

    const loaded = await engine.load(stored.id, { contextLength: CONTEXT, kvType: 'f32' });
    assert.equal(loaded.context_length, CONTEXT);
    const prefill = largestDifference((await evaluate(engine, prompt, 'prefill')).logits, fixture.logits.all);
    const decoded = await evaluate(engine, prompt, 'decode');
    const decode = largestDifference(decoded.logits, fixture.logits.all);
    assertBestIds(decoded.argmax, fixture.teacher_forced, name);
    await assertGreedy(engine, prompt, fixture.greedy.ids, name);
    const longLogits = (await evaluate(engine, long.prompt, 'prefill')).logits;
    const longPrefill = largestDifferenceOfSome(longLogits, long.logits);
    await assertGreedy(engine, long.prompt, long.greedy.ids, `${name}, long prompt`);

    let others = 0;
    for (const kernels of OTHERS) {
      const { kernels: used } = await engine.load(stored.id, { contextLength: CONTEXT, kvType: 'f32', kernels });
      assert.deepEqual([...new Set(used.map((name) => name.replace(/:.*/, '')))], kernels, `${name}: the kernels in use`);
      for (const mode of ['prefill', 'decode']) {
        const { logits } = await evaluate(engine, prompt, mode);
        others = Math.max(others, largestDifference(logits, fixture.logits.all));
      }
    }

    await engine.load(stored.id, { contextLength: CONTEXT, kvType: 'f16' });
    const f16 = largestDifference((await evaluate(engine, prompt, 'prefill')).logits, fixture.logits.all);
    await assertGreedy(engine, prompt, fixture.greedy.ids, `${name}, f16 cache`);

    rows.push({ fixture: name, prefill, decode, 'prefill of 300': longPrefill, 'f16 cache': f16, 'other kernels': others, 'load ms': Math.round(loaded.load_ms) });
    assert.ok(prefill < EXACT, `prefill differs by ${prefill}`);
    assert.ok(decode < EXACT, `decode differs by ${decode}`);
    assert.ok(longPrefill < EXACT, `the long prompt differs by ${longPrefill}`);
    assert.ok(others < EXACT, `other kernel variants differ by ${others}`);
    assert.ok(f16 < F16_CACHE, `with an f16 cache, prefill differs by ${f16}`);
    await engine.request({ type: 'remove', model: stored.id });
  });
}
