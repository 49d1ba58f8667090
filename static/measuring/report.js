// A report of the engine (`BenchmarkReport` of src/protocol/reports.rs) for people: facts and tables of texts, from which
// the page makes elements, and the same as Markdown. Knows nothing of the document.

import { bytes, count, percent, say, significant, time } from './words.js';

/**
 * What was measured, and where: pairs of a label and a text. `taken` is `{ userAgent, date }`, the browser and an ISO
 * date.
 */
export function facts({ model, plan }, { userAgent, date }) {
  const all = [
    [say('model'), model.name === model.id ? model.name : `${model.name} (${model.id})`],
    [say('gpu'), model.adapter],
    [say('context'), say('context_of', count(model.context_length), model.kv_type)],
    [say('in_use'), model.kernels.join(' · ')],
    [say('plan'), say('plan_of', count(plan.repeats))],
    [say('browser'), userAgent],
    [say('date'), date],
  ];
  return all.filter(([, text]) => text !== '');
}

/**
 * The report's tables: `{ id, title, note, columns, rows }`, where a column is `{ name, align }` and a cell a text. A
 * row's first cell names it.
 */
export function tables(report) {
  const all = [figures(report)];
  if (report.kernels) {
    const { decode, prefill } = report.kernels;
    all.push(
      kernelTable('kernels-decode', say('decode_kernels', time(sum(decode))), decode, report.kernels),
      kernelTable('kernels-prefill', say('prefill_kernels', count(report.plan.prompt), time(sum(prefill))), prefill, report.kernels),
    );
  }
  return all;
}

/** All of it as Markdown. */
export function markdown(report, taken) {
  const lines = [`## ${say('heading', report.model.name)}`, ''];
  for (const [label, text] of facts(report, taken)) lines.push(`- ${label}: ${text}`);
  for (const { title, note, columns, rows } of tables(report)) {
    lines.push('', `### ${title}`, '');
    if (note) lines.push(note, '');
    lines.push(line(columns.map(({ name }) => name)));
    lines.push(line(columns.map(({ align }) => (align === 'end' ? '---:' : ':---')), String));
    lines.push(...rows.map((row) => line(row)));
  }
  return `${lines.join('\n')}\n`;
}

/** All of it as JSON. */
export function json(report, taken) {
  return `${JSON.stringify({ ...taken, report }, null, 2)}\n`;
}

const line = (cells, write = escaped) => `| ${cells.map(write).join(' | ')} |`;
const escaped = (text) => text.replaceAll('|', '\\|');
const sum = (parts) => parts.reduce((all, { ms }) => all + ms, 0);
const rate = (amount) => `${significant(amount)} tok/s`;
const gigabytes = (amount) => `${significant(amount)} GB/s`;
const gigaflops = (amount) => `${significant(amount)} GFLOP/s`;

function figures(report) {
  const { model, plan } = report;
  const spread = (name, { median, least, most }, write) => [name, write(median), `${write(least)} – ${write(most)}`];
  const one = (name, text) => [name, text, ''];
  const deep = report.depth_tok_s ? [spread(say('decode_deep', count(plan.depth)), report.depth_tok_s, rate)] : [];
  return {
    id: 'figures',
    title: say('figures'),
    columns: [
      { name: say('figure'), align: 'start' },
      { name: say('median'), align: 'end' },
      { name: say('spread'), align: 'end' },
    ],
    rows: [
      spread(say('prefill', count(plan.prompt)), report.prefill_tok_s, rate),
      one(say('prefill_arithmetic'), gigaflops(report.prefill_gflop_s)),
      spread(say('decode', count(plan.generate)), report.decode_tok_s, rate),
      one(say('decode_bytes', bytes(report.weight_bytes_per_token)), gigabytes(report.gb_per_s)),
      ...deep,
      spread(say('first_token'), report.first_token_ms, time),
      one(say('cold'), time(report.cold_first_token_ms)),
      spread(say('cpu'), report.cpu_ms_per_token, time),
      one(say('launches'), count(report.dispatches_per_token)),
      one(say('submissions'), count(report.submissions_per_token)),
      one(say('read_back'), bytes(report.read_bytes_per_token)),
      one(say('gpu_peak'), bytes(report.gpu_peak_bytes)),
      one(say('heap'), bytes(report.wasm_heap_bytes)),
      one(say('load'), time(model.load_ms)),
      one(say('tokenizer'), time(model.tokenizer_ms)),
      one(say('comparing'), time(model.choice_ms)),
    ],
  };
}

function kernelTable(id, title, parts, ceilings) {
  const column = (name, align) => ({ name: say(name), align });
  return {
    id,
    title,
    note: say('ceilings', gigabytes(ceilings.read_gb_s), gigaflops(ceilings.f32_gflop_s)),
    columns: [
      column('part', 'start'),
      column('kernel', 'start'),
      column('launched', 'end'),
      column('time', 'end'),
      column('share', 'end'),
      column('rate', 'end'),
      column('of_ceiling', 'end'),
      column('of_best', 'end'),
    ],
    rows: parts.map((part) => [
      part.part,
      part.kernel,
      count(part.launches),
      time(part.ms),
      percent(part.share),
      ...against(part, ceilings),
      best(part),
    ]),
  };
}

/**
 * The rate of a kernel, and how much that is of the ceiling that is nearer: decoding is bound by memory, reading a prompt
 * by arithmetic. Two empty cells for a kernel of which neither is counted.
 */
function against({ gb_s, gflop_s }, { read_gb_s, f32_gflop_s }) {
  const [reads, computes] = [gb_s / read_gb_s, gflop_s / f32_gflop_s];
  if (gb_s > 0 && !(computes > reads)) return [gigabytes(gb_s), percent(reads)];
  if (gflop_s > 0) return [gigaflops(gflop_s), percent(computes)];
  return ['', ''];
}

/** How many times the fastest variant's time it takes, and which that is, where it is another one. */
function best({ kernel, of_best, best }) {
  if (!(of_best > 0)) return '';
  const times = `${of_best.toFixed(2)} ×`;
  return of_best < 1.005 || kernel.startsWith(best) ? times : `${times} ${best}`;
}
