// The self-test on the browser's GPU: clean as it is; a kernel variant that computes nothing is caught and replaced, one
// without another variant ends the load, and a stored result that is wrong is reported. Also the measurement of what
// fits. The hook behind it is the protocol's `inject`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EngineError, openEngine } from './lib/engine.mjs';

const MINUTE = 60_000;
const GUIDE = 'built-in:guide';

/** A worker of its own, made faulty before it touches the GPU. */
async function withEngine(faults, use) {
  const engine = await openEngine();
  try {
    if (faults) await engine.request({ type: 'inject', faults });
    await use(engine);
  } finally {
    await engine.close();
  }
}

/** The guide's answer to a question. */
async function answer(engine, content) {
  let text = '';
  const options = { temperature: 0, max_tokens: 200 };
  const onEvent = (event) => event.type === 'text' && (text += event.delta);
  await engine.request({ type: 'chat', messages: [{ role: 'user', content }], options }, { onEvent });
  return text;
}

describe('the self-test', { timeout: 20 * MINUTE }, () => {
  test('passes, and is not run again for what was verified', () =>
    withEngine(null, async (engine) => {
      const { self_test: first } = await engine.request({ type: 'load', model: GUIDE });
      assert.deepEqual(first.failed, []);
      assert.ok(first.ran >= 7 && first.passed.length === first.ran, JSON.stringify(first));
      assert.equal(first.answer.found, first.answer.expected);
      const verified = { adapter: first.adapter, checks: first.passed };
      const { self_test: second } = await engine.request({ type: 'load', model: GUIDE, verified });
      assert.deepEqual([second.ran, second.passed.length], [0, first.passed.length]);
      const elsewhere = { ...verified, adapter: 'another GPU' };
      const { self_test: third } = await engine.request({ type: 'load', model: GUIDE, verified: elsewhere });
      assert.equal(third.ran, first.ran);

      const { report } = await engine.request({ type: 'self_test' });
      assert.deepEqual(report.failed, []);
      assert.ok(report.ran > 50, `${report.ran} checks`);
      assert.equal(report.answer.found, report.answer.expected);
      console.log(`  ${report.ran} checks in ${Math.round(report.milliseconds)} ms on ${report.adapter}`);
    }));

  test('replaces a kernel variant that is broken', () =>
    withEngine({ kernels: ['matvec_quads', 'matmul_quads', 'attention_queries'] }, async (engine) => {
      const { self_test: report } = await engine.request({ type: 'load', model: GUIDE });
      const failed = report.failed.map(({ check }) => check.replace(/ #.*/, ''));
      assert.deepEqual(failed, ['matvec_quads Q8_0', 'matvec_quads gated Q8_0', 'matmul_quads Q8_0', 'attention_queries F16']);
      assert.deepEqual(report.variants, ['matvec_rows: Q8_0', 'matmul_rows: Q8_0', 'attention_tiles']);
      const { report: diagnostics } = await engine.request({ type: 'diagnose' });
      assert.deepEqual(diagnostics.kernels, report.variants);
      assert.match(await answer(engine, 'Is my data sent anywhere?'), /leaves your device/);
    }));

  test('names a GPU on which a kernel has no variant that is right', () =>
    withEngine({ kernels: ['rms_norm'] }, async (engine) => {
      const error = await engine.request({ type: 'load', model: GUIDE }).then(() => assert.fail('loaded'), (error) => error);
      assert.ok(error instanceof EngineError, error.stack);
      assert.equal(error.code, 'self_test_failed');
      assert.match(error.message, /rms_norm.*driver/);
    }));

  test('reports a stored result that is wrong', () =>
    withEngine({ expected: ['silu_mul'] }, async (engine) => {
      const { report } = await engine.request({ type: 'self_test' });
      assert.equal(report.failed.length, 1, JSON.stringify(report.failed));
      const [{ check, expected, found, tolerance }] = report.failed;
      assert.match(check, /^silu_mul/);
      assert.ok(Math.abs(expected - found - 1) <= tolerance, `${expected} and ${found}`);
      const error = await engine.request({ type: 'load', model: GUIDE }).then(() => assert.fail('loaded'), (error) => error);
      assert.equal(error.code, 'self_test_failed');
    }));
});

test('the GPU is measured', { timeout: 10 * MINUTE }, () =>
  withEngine(null, async (engine) => {
    await engine.request({ type: 'load', model: GUIDE });
    const { report } = await engine.request({ type: 'measure', probe: 1 << 30 });
    assert.equal(report.processor, 'software');
    assert.ok(report.free_bytes > 0 && report.free_bytes <= report.probed_bytes);
    assert.ok(report.rates.length === 9 && report.rates.every(([, rate]) => rate > 1e6), JSON.stringify(report.rates));
    assert.ok(report.seconds_per_launch >= 0 && report.seconds_per_launch < 0.1);
    console.log(`  ${JSON.stringify(report)}`);
  }));
