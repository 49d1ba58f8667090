// Every kernel through the browser's own shader compiler, also the variants that its adapter would not choose: the native
// tests go through another compiler, and each of the two refuses what the other lets pass.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { ROOT } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';

// `cargo test --release`, which comes before, builds it.
const LAB = path.join(ROOT, 'target', 'release', 'lab');

test('the browser compiles every kernel', { skip: existsSync(LAB) ? false : `SKIPPED: ${LAB} is not built`, timeout: 600_000 }, async () => {
  const shaders = JSON.parse(execFileSync(LAB, ['shaders'], { maxBuffer: 1 << 26 }));
  assert.ok(shaders.length > 100);
  const server = await serve({ pages: { '/blank.html': { body: '<!doctype html><title>blank</title>' } } });
  const browser = await openBrowser();
  try {
    await browser.page.goto(`${server.origin}/blank.html`);
    const faults = await browser.page.evaluate(async (shaders) => {
      const adapter = await navigator.gpu.requestAdapter();
      const requiredFeatures = ['subgroups'].filter((feature) => adapter.features.has(feature));
      const device = await adapter.requestDevice({ requiredFeatures });
      const faults = [];
      for (const { name, source } of shaders) {
        const module = device.createShaderModule({ code: source });
        const { messages } = await module.getCompilationInfo();
        faults.push(...messages.map(({ type, lineNum, message }) => `${name}: ${type} in line ${lineNum}: ${message}`));
        const compute = { module, entryPoint: 'main' };
        await device.createComputePipelineAsync({ layout: 'auto', compute }).catch((error) => faults.push(`${name}: ${error.message}`));
      }
      return faults;
    }, shaders);
    assert.deepEqual(faults, []);
    console.log(`  ${shaders.length} kernels`);
  } finally {
    await browser.close();
    await server.close();
  }
});
