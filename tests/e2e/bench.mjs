// The speed of a model in Chromium, run by `cargo xtask bench`: imports the file, loads it, runs the worker's own
// benchmark and prints what it reports. On SwiftShader the figures compare engines, not GPUs.
//
//   node bench.mjs [--model FILE.gguf] [--prompt 128] [--generate 32] [--repeats 3]

import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine } from './lib/engine.mjs';
import { MODELS, anyFixture } from './lib/fixtures.mjs';
import { printTable } from './lib/golden.mjs';

const option = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { model: option(), prompt: option('128'), generate: option('32'), repeats: option('3') } });
const fixture = values.model ? null : anyFixture();
if (!values.model && !fixture) {
  console.error('error: there is no model fixture: name a model with --model FILE.gguf');
  process.exit(2);
}
const model = path.resolve(values.model ?? path.join(MODELS, `${fixture.name}.gguf`));
const [prompt, generate, repeats] = [values.prompt, values.generate, values.repeats].map(Number);
const hour = 3_600_000;

const engine = await openEngine({ mounts: { '/model/': path.dirname(model) } });
try {
  const stored = await engine.import(`/model/${encodeURIComponent(path.basename(model))}`);
  const { model: loaded } = await engine.request({ type: 'load', model: stored.id, options: { contextLength: prompt + generate + 16 } }, { timeout: hour });
  const { report } = await engine.request({ type: 'bench', prompt, generate, repeats }, { timeout: hour });
  const row = ([what, value]) => ({ what, value });
  printTable(`${path.basename(model)} in Chromium`, [
    ...Object.entries(report),
    ['load_ms', loaded.load_ms],
    ['weight_bytes', loaded.weight_bytes],
    ['kv_bytes', loaded.kv_bytes],
    ['processor', `${cpus().length} × ${cpus()[0].model.trim()}`],
  ].map(row));
} finally {
  await engine.close();
}
