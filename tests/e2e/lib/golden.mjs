// What a model fixture's expectations mean, shared by the tests that compute with a fixture.

import assert from 'node:assert/strict';

// A greater difference of the best two logits than rounding can turn round.
const SAFE_MARGIN = 0.01;

/** The largest difference of two lists of logits; fails on a length that differs or a number that is none. */
export function largestDifference(actual, expected) {
  assert.equal(actual.length, expected.length, 'number of logits');
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    assert.ok(Number.isFinite(actual[i]) && Number.isFinite(difference), `logit ${i} is ${actual[i]}`);
    largest = Math.max(largest, difference);
  }
  return largest;
}

/** The same, for the logits that a fixture gives of its long prompt: the first 64 and the best 20. */
export function largestDifferenceOfSome(actual, expected) {
  const ids = [...expected.first_64.keys(), ...expected.top_20.map(([id]) => id)];
  const values = [...expected.first_64, ...expected.top_20.map(([, value]) => value)];
  return largestDifference(ids.map((id) => actual[id]), values);
}

/** Evaluates tokens: `{ logits, argmax }`. */
export function evaluate(engine, tokens, mode) {
  return engine.request({ type: 'evaluate', tokens, mode }, { timeout: 15 * 60_000 });
}

/** Fails unless the best id is the expected one at every position where it is best by a safe margin. */
export function assertBestIds(argmax, { argmax: expected, margins }, what) {
  assert.equal(argmax.length, expected.length, `${what}: number of positions`);
  const wrong = expected.map((_, i) => i).filter((i) => argmax[i] !== expected[i] && margins[i] > SAFE_MARGIN);
  assert.deepEqual(wrong, [], `${what}: positions with another best id`);
}

/**
 * Fails unless greedy decoding of `prompt` gives `ids`. One evaluation of both together shows it: the best id behind
 * each position is the next token.
 */
export async function assertGreedy(engine, prompt, ids, what) {
  const { argmax } = await evaluate(engine, [...prompt, ...ids.slice(0, -1)], 'decode');
  assert.deepEqual(argmax.slice(prompt.length - 1), ids, `${what}: greedy ids`);
}

/** Prints rows of equal keys as a table. */
export function printTable(title, rows) {
  console.log(`\n${title}`);
  if (!rows.length) return;
  const names = Object.keys(rows[0]);
  const cell = (value) => (typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(3) : String(value));
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => cell(row[name]).length)));
  const line = (cells) => cells.map((text, i) => (i ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join('  ');
  console.log(line(names));
  for (const row of rows) console.log(line(names.map((name) => cell(row[name]))));
}
