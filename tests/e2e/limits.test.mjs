// An adapter with tiny buffers: the worker is started by a script that first makes WebGPU report small limits, and
// counts every buffer and binding beyond them. The engine must split its tensors and still compute the same.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openEngine } from './lib/engine.mjs';
import { anyFixture, modelFixtures } from './lib/fixtures.mjs';
import { assertBestIds, evaluate, largestDifference, printTable } from './lib/golden.mjs';

// Below the size of the fixtures' largest tensors; the context is short so that the cache fits.
const LIMIT = Number(process.env.INKSTONE_LIMIT ?? 131_072);
const CONTEXT = 64;
// One with two kv heads, one of block-quantised and one of plain weights.
const NAMES = ['q4_k_m-gqa2', 'f16-gqa2-hd64', 'q8_0-gqa2'];

const rows = [];
let engine;

// Runs in the worker, before Inkstone's own code; may use nothing from outside.
function shrinkLimits(limit) {
  const CAPPED = ['maxStorageBufferBindingSize', 'maxBufferSize'];
  const seen = { largestBuffer: 0, largestBinding: 0, bindings: 0 };
  const report = new BroadcastChannel('limits');
  report.onmessage = ({ data }) => data === 'report?' && report.postMessage(seen);

  for (const prototype of [GPUAdapter.prototype, GPUDevice.prototype]) {
    const { get } = Object.getOwnPropertyDescriptor(prototype, 'limits');
    const capped = {
      get: (limits, name) => (CAPPED.includes(name) ? Math.min(limits[name], limit) : limits[name]),
    };
    Object.defineProperty(prototype, 'limits', { get() { return new Proxy(get.call(this), capped); } });
  }
  const { createBuffer, createBindGroup } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    seen.largestBuffer = Math.max(seen.largestBuffer, descriptor.size);
    return createBuffer.call(this, descriptor);
  };
  GPUDevice.prototype.createBindGroup = function (descriptor) {
    for (const { resource } of descriptor.entries) {
      if (!resource.buffer) continue;
      const size = resource.size ?? resource.buffer.size - (resource.offset ?? 0);
      seen.largestBinding = Math.max(seen.largestBinding, size);
      seen.bindings += 1;
    }
    return createBindGroup.call(this, descriptor);
  };
}

const worker = `(${shrinkLimits})(${LIMIT});\nawait import('./worker_loader.js');\n`;

/** What the worker counted. */
function counted() {
  return engine.page.evaluate(() => new Promise((resolve) => {
    const channel = new BroadcastChannel('limits');
    channel.onmessage = ({ data }) => resolve(data);
    channel.postMessage('report?');
  }));
}

after(async () => {
  printTable(`Buffers and bindings of at most ${LIMIT} bytes`, rows);
  await engine?.close();
});

for (const fixture of modelFixtures().filter(({ name }) => NAMES.includes(name))) {
  const { name, prompt } = fixture;
  test(`${name} computes the same with small buffers`, { timeout: 20 * 60_000 }, async () => {
    engine ??= await openEngine({ worker: './worker_limits.js', pages: { '/worker_limits.js': { body: worker } } });
    const stored = await engine.import(`/fixtures/${name}.gguf`);
    await engine.load(stored.id, { contextLength: CONTEXT, kvType: 'f32' });
    const { report } = await engine.request({ type: 'diagnose' });
    const prefill = largestDifference((await evaluate(engine, prompt, 'prefill')).logits, fixture.logits.all);
    const decoded = await evaluate(engine, prompt, 'decode');
    const decode = largestDifference(decoded.logits, fixture.logits.all);
    const { largestBuffer, largestBinding, bindings } = await counted();
    rows.push({ fixture: name, prefill, decode, 'largest buffer': largestBuffer, 'largest binding': largestBinding });

    assert.ok(bindings > 0, 'the script did see the engine at work');
    const binding = Object.fromEntries(report.limits).max_binding_bytes;
    assert.ok(binding <= LIMIT, `the engine took the limit of a binding for ${binding}`);
    assert.ok(largestBuffer <= LIMIT, `a buffer of ${largestBuffer} bytes`);
    assert.ok(largestBinding <= LIMIT, `a binding of ${largestBinding} bytes`);
    assert.ok(prefill < 2e-3, `prefill differs by ${prefill}`);
    assert.ok(decode < 2e-3, `decode differs by ${decode}`);
    assertBestIds(decoded.argmax, fixture.teacher_forced, name);
  });
}

test('without any adapter, loading a model says so', { timeout: 5 * 60_000 }, async () => {
  const engine = await openEngine({ webgpu: false });
  try {
    const stored = await engine.import(`/fixtures/${anyFixture().name}.gguf`);
    await assert.rejects(engine.load(stored.id), { code: 'no_adapter' });
  } finally {
    await engine.close();
  }
});
