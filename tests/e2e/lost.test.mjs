// The GPU device is lost in the middle of an answer: the request ends with `gpu_lost`, and a load opens a fresh device on
// which the model computes what it should. The worker is started by a script that can destroy its device on demand.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EngineError, openEngine } from './lib/engine.mjs';
import { anyFixture } from './lib/fixtures.mjs';
import { evaluate, largestDifference } from './lib/golden.mjs';

const MINUTE = 60_000;
const fixture = anyFixture();
let engine;

// Runs in the worker, before Inkstone's own code; may use nothing from outside.
function destroyOnDemand() {
  const { requestDevice } = GPUAdapter.prototype;
  let device;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    device = await requestDevice.call(this, descriptor);
    return device;
  };
  new BroadcastChannel('lose').onmessage = () => device.destroy();
}

const worker = `(${destroyOnDemand})();\nawait import('./worker_loader.js');\n`;

before(async () => {
  engine = await openEngine({ worker: './worker_lost.js', pages: { '/worker_lost.js': { type: 'text/javascript', body: worker } } });
});
after(() => engine?.close());

for (const time of ['first', 'second']) {
  test(`a GPU lost for the ${time} time is reported, and opened anew by the next load`, { timeout: 10 * MINUTE }, async () => {
    const stored = (await engine.request({ type: 'list_models' })).models[0] ?? (await engine.import(`/fixtures/${fixture.name}.gguf`));
    await engine.load(stored.id, { contextLength: 512, kvType: 'f32' });
    const { logits } = await evaluate(engine, fixture.prompt, 'prefill');
    assert.ok(largestDifference(logits, fixture.logits.all) < 2e-3);

    await engine.page.evaluate(() => new BroadcastChannel('lose').postMessage('now'));
    await engine.page.waitForTimeout(500);
    const chat = { type: 'chat', messages: [{ role: 'user', content: 'hello' }], options: { max_tokens: 50 } };
    const lost = await engine.request(chat).then(() => assert.fail('an answer from a lost GPU'), (error) => error);
    assert.ok(lost instanceof EngineError, lost.stack);
    assert.equal(lost.code, 'gpu_lost', lost.message);
    const unloaded = await engine.request(chat).then(() => assert.fail('an answer without a model'), (error) => error);
    assert.equal(unloaded.code, 'not_loaded');
  });
}
