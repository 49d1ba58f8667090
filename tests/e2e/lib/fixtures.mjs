// Where the fixtures lie and what they expect.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The built site. */
export const DIST = path.join(ROOT, 'dist');

/** The folder of the model fixtures. */
export const MODELS = firstWith('.gguf', [
  process.env.INKSTONE_FIXTURES,
  path.join(ROOT, '../shared/fixtures'),
  path.join(ROOT, 'tests/fixtures/models'),
]);

/** The folder of the malformed files, or undefined. */
export const BAD = firstWith('index.json', [
  MODELS && path.join(MODELS, 'bad'),
  path.join(ROOT, '../shared/fixtures/bad'),
  path.join(ROOT, 'tests/fixtures/bad'),
]);

/** The folder of the real vocabulary, or undefined. */
export const TOKENIZER = firstWith('cases.jsonl', [
  process.env.INKSTONE_TOKENIZER,
  path.join(ROOT, '../shared/tokenizer'),
]);

/** All model fixtures by name, with what the reference expects of them; those without expectations are left out. */
export function modelFixtures() {
  if (!MODELS) return [];
  const names = readdirSync(MODELS).filter((file) => file.endsWith('.gguf')).map((file) => file.slice(0, -5)).sort();
  return names
    .filter((name) => existsSync(path.join(MODELS, `${name}.json`)))
    .map((name) => ({ name, ...JSON.parse(readFileSync(path.join(MODELS, `${name}.json`), 'utf8')) }))
    .map((fixture) => ({ ...fixture, logits: { ...fixture.logits, all: floats(fixture.full_logits) } }));
}

/** A small fixture for tests that need any model at all. */
export function anyFixture() {
  const fixtures = modelFixtures();
  return fixtures.find((fixture) => fixture.name.startsWith('q4_k_m')) ?? fixtures[0];
}

function floats(file) {
  const bytes = readFileSync(path.join(MODELS, file));
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

function firstWith(ending, folders) {
  const holds = (folder) => existsSync(folder) && readdirSync(folder).some((file) => file.endsWith(ending));
  return folders.find((folder) => folder && holds(folder));
}
