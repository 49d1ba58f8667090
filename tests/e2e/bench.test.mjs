// bench.html measures the built-in guide: the figures make sense, what is copied is what was measured, a plan that cannot
// be carried out is refused with the reason, a measurement stops when told, and the visitor's language is spoken.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';

const MINUTE = 60_000;
const GUIDE = 'built-in:guide';
const PLAN = { prompt: 16, generate: 4, depth: 32, repeats: 1, kernels: true };

let server;
before(async () => {
  server = await serve({ mounts: { '/': DIST } });
});
after(() => server?.close());

/** Waits until the page takes a plan. */
async function ready(page) {
  await page.locator('[data-testid="plan"][data-state="ready"]').waitFor({ timeout: 10 * MINUTE });
}

/** Fills in a plan and runs it to its end, whatever that is. */
async function measure(page, plan) {
  await begin(page, plan);
  await ready(page);
}

/** Fills in a plan and starts it. */
async function begin(page, { kernels, ...numbers }) {
  await ready(page);
  await page.getByTestId('model').selectOption(GUIDE);
  for (const [name, value] of Object.entries(numbers)) await page.getByTestId(name).fill(String(value));
  await page.getByTestId('kernels').setChecked(kernels);
  await page.getByTestId('run').click();
}

/** The code of the error on the page, with its message; null if there is none. */
async function fault(page) {
  const error = page.getByTestId('error');
  return (await error.isVisible()) ? { code: await error.getAttribute('data-code'), text: await error.textContent() } : null;
}

/** The cells of a table's rows, without the heads. */
function rows(page, table) {
  return page.getByTestId(table).locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

/** Presses a button that copies, and reads what it has put into the clipboard. */
async function copied(page, button) {
  const before = 'nothing has been copied';
  await page.evaluate((before) => navigator.clipboard.writeText(before), before);
  await page.getByTestId(button).click();
  await page.getByTestId('copied').filter({ hasText: 'Copied' }).waitFor({ timeout: MINUTE });
  // The thanks may be those for an earlier copy.
  const deadline = Date.now() + MINUTE;
  for (;;) {
    const text = await page.evaluate(() => navigator.clipboard.readText());
    if (text !== before) return text;
    assert.ok(Date.now() < deadline, `${button} copies nothing`);
    await page.waitForTimeout(100);
  }
}

/** A number of the page, such as "1,234.5 tok/s". */
const number = (text) => Number(text.replace(/[^\d.]/g, ''));

/** Fails unless the three figures are in order and above 0. */
function assertSpread({ median, least, most }, what) {
  assert.ok(least > 0 && least <= median && median <= most && most < Infinity, `${what}: ${least} ${median} ${most}`);
}

function assertParts(parts, what) {
  assert.ok(parts.length >= 3, `${what}: ${parts.length} kinds of launches`);
  for (const part of parts) {
    assert.ok(part.part && part.kernel, JSON.stringify(part));
    assert.ok(part.launches >= 1 && part.ms > 0 && part.share > 0 && part.share <= 1, JSON.stringify(part));
    assert.ok(part.gb_s >= 0 && part.gflop_s >= 0 && part.of_best >= 0, JSON.stringify(part));
  }
  const shares = parts.reduce((sum, { share }) => sum + share, 0);
  assert.ok(Math.abs(shares - 1) < 0.01, `${what}: the shares add up to ${shares}`);
  assert.ok(parts.some(({ gb_s, gflop_s }) => gb_s > 0 || gflop_s > 0), `${what}: no rate at all`);
}

describe('bench.html', { timeout: 30 * MINUTE }, () => {
  let browser;
  let page;
  let report;

  before(async () => {
    browser = await openBrowser({ args: ['--lang=en-GB'], locale: 'en-GB' });
    page = browser.page;
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
    await page.goto(`${server.origin}/bench.html`);
  });
  after(() => browser?.close());

  test('offers the guide where nothing is stored', async () => {
    await ready(page);
    const offered = await page.getByTestId('model').locator('option').evaluateAll((options) => options.map(({ value }) => value));
    assert.deepEqual(offered, [GUIDE]);
    assert.equal(await fault(page), null);
  });

  test('measures it', async () => {
    await measure(page, PLAN);
    assert.equal(await fault(page), null);
    assert.ok(await page.getByTestId('result').isVisible());
    const json = JSON.parse(await copied(page, 'copy-json'));
    assert.equal(json.userAgent, await page.evaluate(() => navigator.userAgent));
    assert.ok(Math.abs(Date.now() - Date.parse(json.date)) < 10 * MINUTE, json.date);
    report = json.report;

    assert.deepEqual(report.plan, PLAN);
    assert.equal(report.model.id, GUIDE);
    assert.equal(report.model.context_length, 32 + 4 + 16);
    assert.ok(report.model.adapter && report.model.kernels.length > 0, JSON.stringify(report.model));
    for (const name of ['prefill_tok_s', 'decode_tok_s', 'depth_tok_s', 'first_token_ms']) {
      assertSpread(report[name], name);
    }
    // Browsers round their clock to a tenth of a millisecond.
    assert.ok(report.cpu_ms_per_token.median >= 0 && report.cpu_ms_per_token.median < 1000);
    for (const name of ['prefill_gflop_s', 'gb_per_s', 'cold_first_token_ms', 'dispatches_per_token', 'submissions_per_token']) {
      assert.ok(report[name] > 0 && report[name] < Infinity, `${name}: ${report[name]}`);
    }
    assert.ok(report.weight_bytes_per_token > 1e6 && report.weight_bytes_per_token < 8e6, `${report.weight_bytes_per_token} bytes`);
    assert.ok(report.gpu_peak_bytes >= report.model.weight_bytes, `${report.gpu_peak_bytes} bytes on the GPU`);
    // The same by another way: bytes of a token times tokens a second.
    const gigabytes = (report.weight_bytes_per_token * report.decode_tok_s.median) / 1e9;
    assert.ok(Math.abs(report.gb_per_s / gigabytes - 1) < 0.01, `${report.gb_per_s} GB/s, not ${gigabytes}`);
    const { decode, prefill, read_gb_s, f32_gflop_s } = report.kernels;
    assertParts(decode, 'decode');
    assertParts(prefill, 'prefill');
    assert.ok(read_gb_s > 0 && f32_gflop_s > 0, `ceilings ${read_gb_s} GB/s, ${f32_gflop_s} GFLOP/s`);
    console.log(`  ${report.decode_tok_s.median.toFixed(1)} tok/s on ${report.model.adapter}`);
  });

  test('shows what it has measured', async () => {
    const figures = await rows(page, 'figures');
    const shown = (beginning) => figures.find(([name]) => name.startsWith(beginning)) ?? assert.fail(`no ${beginning}: ${figures.join(' | ')}`);
    const near = (text, value) => assert.ok(Math.abs(number(text) / value - 1) < 0.006, `${text} for ${value}`);
    near(shown('Reading a prompt of 16 tokens')[1], report.prefill_tok_s.median);
    near(shown('Decoding 4 tokens')[1], report.decode_tok_s.median);
    near(shown('Decoding behind 32 tokens')[1], report.depth_tok_s.median);
    assert.match(shown('Decoding 4 tokens')[2], /^[\d,.]+ tok\/s – [\d,.]+ tok\/s$/);
    for (const [table, parts] of [['kernels-decode', report.kernels.decode], ['kernels-prefill', report.kernels.prefill]]) {
      const cells = await rows(page, table);
      assert.deepEqual(cells.map(([part, kernel]) => [part, kernel]), parts.map(({ part, kernel }) => [part, kernel]));
      const percents = cells.reduce((sum, [, , , , share]) => sum + number(share), 0);
      assert.ok(Math.abs(percents - 100) < 0.05 * cells.length + 1, `${table}: ${percents} %`);
    }
    assert.doesNotMatch(await page.locator('main').textContent(), /undefined|NaN|Infinity|\[object/);
  });

  test('copies it as Markdown, and shows the text where copying is not allowed', async () => {
    const markdown = await copied(page, 'copy-markdown');
    assert.match(markdown, /^## Inkstone: the speed of /);
    for (const [name, median] of await rows(page, 'figures')) assert.ok(markdown.includes(`| ${name} | ${median} |`), name);
    const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
    const { decode, prefill } = report.kernels;
    assert.equal(lines.filter((line) => line.startsWith('| :---')).length, 3);
    assert.ok(lines.length > decode.length + prefill.length + 6, `${lines.length} lines of tables`);
    assert.match(markdown, /Mozilla\/5\.0/);
    assert.doesNotMatch(markdown, /undefined|NaN|Infinity|\[object/);

    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    });
    await page.getByTestId('copy-json').click();
    const byHand = page.getByTestId('by-hand');
    await byHand.waitFor({ timeout: MINUTE });
    const selected = await byHand.evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
    assert.deepEqual(JSON.parse(selected).report, report);
  });

  test('leaves nothing behind, and keeps what the page remembers as it is', async () => {
    assert.equal(await page.evaluate(() => localStorage.length), 0);
  });

  test('says why a plan is impossible', async () => {
    for (const [wrong, message] of [
      [{ prompt: 0 }, /\b0\b/],
      [{ repeats: 0 }, /\b0\b/],
      [{ prompt: 1_000_000 }, /1000020/],
      [{ depth: '' }, /whole number/],
    ]) {
      await measure(page, { ...PLAN, ...wrong });
      const said = await fault(page);
      assert.equal(said?.code, 'bad_request', JSON.stringify({ wrong, said }));
      assert.match(said.text, message);
      assert.equal(await page.getByTestId('result').isVisible(), false, 'no result beside an error');
    }
  });

  test('stops when told, and measures again after that', async () => {
    await begin(page, { ...PLAN, kernels: false, generate: 256, repeats: 1000 });
    await page.getByTestId('status').filter({ hasText: 'Measuring' }).waitFor({ timeout: 5 * MINUTE });
    await page.getByTestId('run').click();
    await ready(page);
    assert.match(await page.getByTestId('status').textContent(), /Stopped/);
    assert.equal(await fault(page), null);
    assert.equal(await page.getByTestId('result').isVisible(), false);

    await measure(page, { ...PLAN, depth: 0, kernels: false });
    assert.equal(await fault(page), null);
    const figures = await rows(page, 'figures');
    assert.ok(!figures.some(([name]) => name.startsWith('Decoding behind')), 'no figure that was not asked for');
    assert.equal(await page.getByTestId('kernels-decode').count(), 0);
  });

  test('asked nothing of anyone else, and logged no error', () => {
    const local = (url) => url.startsWith(`${server.origin}/`) || url.startsWith('blob:') || url.startsWith('data:');
    assert.deepEqual(browser.requests.filter((url) => !local(url)), []);
    assert.deepEqual(browser.errors, []);
  });
});

test('bench.html is found from the models, and speaks Chinese, in the dark, on a telephone', { timeout: 10 * MINUTE }, async () => {
  const browser = await openBrowser({ args: ['--lang=zh-CN'], locale: 'zh-CN' });
  try {
    const { page } = browser;
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(server.origin);
    await page.locator('[data-testid="engine-state"][data-state="ready"]').waitFor({ timeout: 5 * MINUTE });
    await page.evaluate(() => localStorage.setItem('inkstone.theme', JSON.stringify('dark')));
    await page.getByTestId('engine-state').click();
    await page.getByTestId('measure-speed').click();
    await page.waitForURL(`${server.origin}/bench.html`);
    await ready(page);
    assert.equal(await page.getByTestId('run').textContent(), '开始');
    const texts = await page.locator('[data-text]:not([data-text="back"])').allTextContents();
    assert.deepEqual(texts.filter((text) => !/\p{Script=Han}/u.test(text)), []);
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(background, 'rgb(23, 24, 26)', 'the colours of the site');

    await measure(page, { prompt: 8, generate: 2, depth: 8, repeats: 1, kernels: true });
    assert.equal(await fault(page), null);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `the page is ${wide} pixels wider than the screen`);
    assert.deepEqual(browser.errors, []);
  } finally {
    await browser.close();
  }
});
