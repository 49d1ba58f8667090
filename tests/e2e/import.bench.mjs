// How fast a file of the user's is taken in, beside a bare loop that copies it into the same storage, in one run:
//
//   node import.bench.mjs [FILE.gguf]      (in tests/e2e, after `cargo xtask dist`)
//
// Without a file one of 1.2 GB is made. Prints the seconds of each run, the ratio of their sums, and the wasm heap; ends
// with 1 if the copy is slower than 0.8 of the bare loop or the heap reaches 200 MiB. The file is given to an input element,
// so that it stays on the disk, as a visitor's does. Who comes first changes from run to run: of two copies in a row the
// second can take half the time, whichever it is, because the disk is still writing what was copied before.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEngine } from './lib/engine.mjs';
import { MODELS, anyFixture } from './lib/fixtures.mjs';
import { modelAround } from './lib/vocabulary.mjs';

const RUNS = 6;
const LEAST_RATIO = 0.8;
const MOST_HEAP = 200 * 2 ** 20;
const SIZES = { hidden: 2048, heads: 16, kvHeads: 8, feedForward: 8192, layers: 9 };

const folder = mkdtempSync(path.join(tmpdir(), 'inkstone-import-'));
const file = process.argv[2] ?? make();
const engine = await openEngine({ pages: { '/bare.js': { body: `(${bareLoop})()` } } });
try {
  await engine.page.evaluate(() => {
    document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'file' }));
  });
  await engine.page.locator('#file').setInputFiles(file);
  await engine.page.evaluate(() => (globalThis.kept = { file: document.querySelector('#file').files[0] }));
  const seconds = { bare: [], import: [] };
  const measure = {
    bare,
    async import() {
      const began = Date.now();
      const { model } = await engine.request({ type: 'import' }, { files: ['=file'], timeout: 600_000 });
      const passed = (Date.now() - began) / 1000;
      await engine.request({ type: 'remove', model: model.id });
      await engine.request({ type: 'purge' });
      return passed;
    },
  };
  for (let run = 0; run < RUNS; run++) {
    const order = run % 2 ? ['import', 'bare'] : ['bare', 'import'];
    for (const name of order) seconds[name].push(await measure[name]());
  }
  const heap = (await engine.request({ type: 'diagnose' })).report.wasm_heap_bytes;
  const gigabytes = statSync(file).size / 1e9;
  const rate = (name) => (RUNS * gigabytes) / sum(seconds[name]);
  const ratio = sum(seconds.bare) / sum(seconds.import);
  console.log(`bare loop  ${seconds.bare.map((s) => s.toFixed(2)).join('  ')} s   ${rate('bare').toFixed(2)} GB/s`);
  console.log(`import     ${seconds.import.map((s) => s.toFixed(2)).join('  ')} s   ${rate('import').toFixed(2)} GB/s`);
  console.log(`ratio ${ratio.toFixed(2)} (at least ${LEAST_RATIO}), wasm heap ${(heap / 2 ** 20).toFixed(0)} MiB (below 200)`);
  process.exitCode = ratio >= LEAST_RATIO && heap < MOST_HEAP ? 0 : 1;
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}

function make() {
  const target = path.join(folder, 'model.gguf');
  const around = readFileSync(path.join(MODELS, `${anyFixture().name}.gguf`));
  writeFileSync(target, modelAround(around, SIZES));
  return target;
}

function bare() {
  return engine.page.evaluate(() => new Promise((resolve, reject) => {
    const worker = new Worker('./bare.js');
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => (worker.terminate(), resolve(data));
    worker.postMessage(globalThis.kept.file);
  }));
}

// Runs in a worker; may use nothing from outside.
function bareLoop() {
  const PIECE = 8 << 20;
  onmessage = async ({ data: file }) => {
    const root = await navigator.storage.getDirectory();
    const handle = await (await root.getFileHandle('bare', { create: true })).createSyncAccessHandle();
    const began = performance.now();
    for (let at = 0; at < file.size; at += PIECE) {
      handle.write(await file.slice(at, Math.min(at + PIECE, file.size)).arrayBuffer(), { at });
    }
    handle.flush();
    const seconds = (performance.now() - began) / 1000;
    handle.close();
    await root.removeEntry('bare');
    postMessage(seconds);
  };
}

function sum(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0);
}
