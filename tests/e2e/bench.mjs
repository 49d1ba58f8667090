// The speed of a model in Chromium, run by `cargo xtask bench`: imports the file, loads it, runs the worker's own
// benchmark and prints what it reports. On SwiftShader the figures compare engines, not GPUs.
//
//   node bench.mjs [--model FILE.gguf] [--prompt 128] [--generate 32] [--depth 0] [--repeats 5] [--kernels]

import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from './lib/engine.mjs';
import { MODELS, anyFixture } from './lib/fixtures.mjs';
import { printTable } from './lib/golden.mjs';

const option = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: {
    model: option(),
    prompt: option('128'),
    generate: option('32'),
    depth: option('0'),
    repeats: option('5'),
    kernels: { type: 'boolean', default: false },
  },
});
const fixture = values.model ? null : anyFixture();
if (!values.model && !fixture) {
  console.error('error: there is no model fixture: name a model with --model FILE.gguf');
  process.exit(2);
}
const model = path.resolve(values.model ?? path.join(MODELS, `${fixture.name}.gguf`));
const [prompt, generate, depth, repeats] = [values.prompt, values.generate, values.depth, values.repeats].map(Number);
const plan = { prompt, generate, depth, repeats, kernels: values.kernels };
const hour = 3_600_000;

const engine = await openEngine({ mounts: { '/model/': path.dirname(model) } });
try {
  const stored = await engine.import(`/model/${encodeURIComponent(path.basename(model))}`);
  const options = { contextLength: Math.max(prompt, depth) + generate + 16 };
  await engine.request({ type: 'load', model: stored.id, options }, { timeout: hour });
  const { report } = await engine.request({ type: 'bench', ...plan }, { timeout: hour });
  print(report);
} finally {
  await engine.close();
}

function print(report) {
  const { model: loaded, plan: measured, kernels, ...figures } = report;
  const all = Object.entries(figures);
  const spreads = all.filter(([, value]) => typeof value?.median === 'number');
  const singles = all.filter(([, value]) => typeof value === 'number');
  const about = [
    ...['adapter', 'context_length', 'kv_type', 'weight_bytes', 'kv_bytes', 'load_ms', 'tokenizer_ms', 'choice_ms']
      .map((name) => [name, loaded[name]]),
    ...loaded.kernels.map((kernel) => ['kernel', kernel]),
    ...Object.entries(measured),
    ['processor', `${cpus().length} × ${cpus()[0].model.trim()}`],
  ];
  const row = ([what, value]) => ({ what, value });
  printTable(`${path.basename(model)} in Chromium`, about.map(row));
  printTable('figures', spreads.map(([what, { median, least, most }]) => ({ what, median, least, most })));
  printTable('per token, and in all', singles.map(row));
  if (kernels) {
    const { decode, prefill, ...ceilings } = kernels;
    printTable('ceilings of the device', Object.entries(ceilings).map(row));
    printTable('kernels: one decoded token', decode.map(kernelRow));
    printTable(`kernels: a prompt of ${measured.prompt} tokens`, prefill.map(kernelRow));
  }
}

/** The keys in the order of the columns. */
function kernelRow({ part, kernel, launches, ms, share, gb_s, gflop_s, of_best, best }) {
  return { part, kernel, launches, ms, share, gb_s, gflop_s, of_best, best };
}
