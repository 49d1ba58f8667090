// Two tabs: one has the engine, one the download; what the first gives up, or loses with its end, the second can have.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { assertStored, bigModel, clear, openDownloads, until } from './lib/downloads.mjs';
import { hashOf } from './lib/faulty.mjs';
import { anyFixture } from './lib/fixtures.mjs';

const MINUTE = 60_000;
const body = bigModel();
const sha256 = hashOf(body);
const load = (model, claim) => ({ type: 'load', model, options: { contextLength: 256 }, ...(claim && { claim }) });
const freed = (resource) => (event) => event.type === 'freed' && event.resource === resource;
const elsewhere = (resource) => (event) => event.type === 'elsewhere' && event.resource === resource;

let engine;
let host;
before(async () => {
  ({ engine, host } = await openDownloads());
}, { timeout: 2 * MINUTE });
after(() => engine?.close());

test('one engine: the second tab is told, can take it over, and gets it when the first is closed', { timeout: 4 * MINUTE }, async () => {
  const model = (await engine.import(`/fixtures/${anyFixture().name}.gguf`)).id;
  const [first, second] = [await engine.another(), await engine.another()];
  await first.request(load(model));
  await assert.rejects(second.request(load(model)), { code: 'other_tab' });
  // The guide is everybody's.
  await second.request(load('built-in:guide'));

  await second.request(load(model, 'take_over'));
  await first.until(null, elsewhere('engine'));
  await assert.rejects(first.request({ type: 'tokenize', text: 'a', parse_special: false }), { code: 'not_loaded' });
  await second.request({ type: 'tokenize', text: 'a', parse_special: false });

  await second.close();
  await first.until(null, freed('engine'));
  await first.request(load(model));
  await first.close();
  await clear(engine);
});

test('what was freed and is not wanted is free for all', { timeout: 2 * MINUTE }, async () => {
  const model = (await engine.import(`/fixtures/${anyFixture().name}.gguf`)).id;
  const [first, second] = [await engine.another(), await engine.another()];
  await first.request(load(model));
  await assert.rejects(second.request(load(model)), { code: 'other_tab' });
  await first.request({ type: 'unload' });
  await second.until(null, freed('engine'));
  // The second tab does not take it.
  await until(async () => first.request(load(model)).then(() => true, () => false), 'the engine', MINUTE);
  await first.close();
  await second.close();
  await clear(engine);
});

test('one download: the second tab sees it, and completes it when the first is closed', { timeout: 3 * MINUTE }, async () => {
  const file = host(body);
  file.always = { rate: 4e6 };
  const command = { type: 'download', urls: [file.url], sha256 };
  const [first, second] = [await engine.another(), await engine.another()];
  const { id } = await first.begin(command);
  await first.until(id, ({ type, done }) => type === 'progress' && done > 5e6);
  await assert.rejects(second.request(command), { code: 'other_tab' });
  const { unfinished } = await second.request({ type: 'list_models' });
  assert.equal(unfinished[0].halt, 'elsewhere');
  const seen = await second.until(null, ({ type }) => type === 'download_elsewhere');
  assert.equal(seen.model, unfinished[0].id);
  await second.until(null, ({ type }) => type === 'library_changed');

  await first.close();
  await second.until(null, freed('download'));
  file.always = {};
  await assertStored(engine, (await second.request(command)).model, body);
  assert.ok(file.resent < 4 << 20, `${file.resent} bytes were sent again`);
  await second.close();
  await clear(engine);
});

test('a download that is taken over goes on in the other tab', { timeout: 3 * MINUTE }, async () => {
  const file = host(body);
  file.always = { rate: 4e6 };
  const command = { type: 'download', urls: [file.url], sha256 };
  const [first, second] = [await engine.another(), await engine.another()];
  const { id, last } = await first.begin(command);
  await first.until(id, ({ type, done }) => type === 'progress' && done > 5e6);
  const moved = second.begin({ ...command, claim: 'take_over' });
  await assert.rejects(last, { code: 'cancelled' });
  await first.until(null, elsewhere('download'));
  file.always = {};
  await assertStored(engine, (await (await moved).last).model, body);
  await first.close();
  await second.close();
  await clear(engine);
});
