// The page that measures a model: which ones there are, what to measure, how far it is, what came out.
//
// What it shows comes from files and from the engine, and is only ever put into text nodes. It reads what the page itself
// remembers (src/ui/preferences.rs) and writes none of it. A model is on the GPU only while it is measured.

import { CANCELLED, Engine, EngineError } from './engine.js';
import { facts, json, markdown, tables } from './report.js';
import { bytes, count, say } from './words.js';

/** The model that comes with the page (src/protocol.rs). */
const GUIDE = 'built-in:guide';

/** No model has a longer context; the engine says what it makes of a number up to this. */
const LARGEST = 1e9;

/** Tokens of context beyond those that the plan needs. */
const MARGIN = 16;

/** How long the page says that something was copied. */
const THANKS_MS = 4000;

const element = (id) => document.getElementById(id);
const form = element('form');
const stages = ['upload', 'prepare', 'self_test', 'choice'];

/** The worker; null before the first start, and dead after a crash. */
let engine = null;
/** Stops the measurement under way. */
let stopper = null;
/** The last result: `{ report, taken }`. */
let result = null;

for (const place of document.querySelectorAll('[data-text]')) place.textContent = say(place.dataset.text);
document.title = `${say('title')} · Inkstone`;
offer([]);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (stopper) stop();
  else run();
});
element('copy-markdown').addEventListener('click', () => copy(markdown(result.report, result.taken)));
element('copy-json').addEventListener('click', () => copy(json(result.report, result.taken)));
open();

/** Starts the engine and lists the stored models. The guide can be measured where there is no storage, too. */
async function open() {
  enter('starting');
  try {
    const lister = await running();
    offer((await lister.request({ type: 'list_models' })).models);
    tell('');
  } catch (error) {
    fail(error);
  }
  enter('ready');
}

/** A worker that answers. */
async function running() {
  if (!engine?.alive) {
    tell(say('starting'));
    engine = await Engine.start();
  }
  return engine;
}

/** Offers these models and the guide; chooses the one that was loaded last, or else the first. */
function offer(models) {
  const last = remembered('model');
  const options = models.map(({ id, quantisation, bytes: size }) => {
    const name = id.replace(/\.gguf$/, '');
    return make('option', { value: id, textContent: `${name} · ${quantisation} · ${bytes(size)}` });
  });
  options.push(make('option', { value: GUIDE, textContent: say('guide') }));
  element('model').replaceChildren(...options);
  if (models.some(({ id }) => id === last)) element('model').value = last;
}

/** Loads the chosen model, measures it, shows what came out, and frees the GPU. */
async function run() {
  stopper = new AbortController();
  const { signal } = stopper;
  enter('running');
  element('error').hidden = true;
  element('result').hidden = true;
  let loader = null;
  try {
    const plan = planned();
    const onEvent = (event) => event.type === 'progress' && follow(event);
    const contextLength = Math.max(plan.prompt, plan.depth) + plan.generate + MARGIN;
    const load = { type: 'load', model: element('model').value, options: { contextLength }, verified: verified() };
    loader = await running();
    await loader.request(load, { onEvent, signal });
    follow({ stage: 'measuring', done: 0, total: null });
    const { report } = await loader.request({ type: 'bench', ...plan }, { onEvent, signal });
    result = { report, taken: { userAgent: navigator.userAgent, date: new Date().toISOString() } };
    show(result);
    tell(say('done'));
  } catch (error) {
    if (error.code === CANCELLED) tell(say('stopped'));
    else fail(error);
  }
  // Whatever went wrong has been told.
  await loader?.request({ type: 'unload' }).catch(() => {});
  stopper = null;
  enter('ready');
}

function stop() {
  if (stopper.signal.aborted) return;
  stopper.abort();
  tell(say('stopping'));
  enter('stopping');
}

/** What the fields say. Whether the model can do it is for the engine to say. */
function planned() {
  const number = (id) => {
    // An empty field, and one with something else in it, reads "".
    const value = element(id).value === '' ? NaN : Number(element(id).value);
    if (Number.isInteger(value) && value >= 0 && value <= LARGEST) return value;
    throw new EngineError({ code: 'bad_request', message: say('not_whole', say(id), count(LARGEST)) });
  };
  return {
    prompt: number('prompt'),
    generate: number('generate'),
    depth: number('depth'),
    repeats: number('repeats'),
    kernels: element('kernels').checked,
  };
}

/** What the page itself has kept; null if there is nothing, or no sense in it. */
function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(`inkstone.${name}`));
  } catch {
    return null;
  }
}

/** What is known of this GPU from the page's own loads, so that nothing is checked or compared twice. */
function verified() {
  const known = remembered('verified');
  const sound = typeof known?.adapter === 'string' && Array.isArray(known.checks);
  return sound ? known : null;
}

/** The form's state: `starting`, `ready`, `running` or `stopping`; also for tests. */
function enter(state) {
  form.dataset.state = state;
  element('fields').disabled = state === 'running' || state === 'stopping';
  element('run').disabled = state === 'starting';
  // A button that is disabled loses the keyboard's focus.
  element('run').setAttribute('aria-disabled', String(state === 'stopping'));
  element('run').textContent = say(state === 'running' || state === 'stopping' ? 'stop' : 'run');
  element('bar').hidden = state !== 'running';
  // Meanwhile no new build comes in (static/renew.js).
  dispatchEvent(new Event(state === 'ready' ? 'inkstone:idle' : 'inkstone:busy'));
}

/** Says where things stand; to screen readers as well, so only when it is something new. */
function tell(text) {
  element('count').textContent = '';
  if (element('status').textContent !== text) element('status').textContent = text;
}

/** Shows how far a stage is. */
function follow({ stage, done, total }) {
  // After a stop nothing but the end counts.
  if (stopper?.signal.aborted) return;
  const write = stage === 'upload' ? bytes : count;
  tell(say(stages.includes(stage) ? stage : 'measuring'));
  element('count').textContent = total ? say('of', write(done), write(total)) : '';
  const bar = element('bar');
  bar.setAttribute('aria-label', element('status').textContent);
  if (total) {
    bar.max = total;
    bar.value = done;
  } else {
    bar.removeAttribute('value');
  }
}

function fail(error) {
  tell('');
  element('error').dataset.code = error.code ?? 'internal';
  element('error-code').textContent = error.code ?? 'internal';
  element('error-message').textContent = error.message;
  element('error').hidden = false;
}

function show({ report, taken }) {
  element('facts').replaceChildren(
    ...facts(report, taken).flatMap(([label, text]) => [make('dt', { textContent: label }), make('dd', { textContent: text })]),
  );
  element('tables').replaceChildren(...tables(report).map(tableElement));
  element('copied').textContent = '';
  element('by-hand').hidden = true;
  element('result').hidden = false;
}

/** A table of report.js; it may be wider than the page, and is moved sideways then, with the keyboard, too. */
function tableElement({ id, title, note, columns, rows }) {
  const cell = (tag, text, { align }, scope) => {
    const made = make(tag, { textContent: text, className: `cell-${align}` });
    if (scope) made.scope = scope;
    return made;
  };
  const head = make('tr', {}, ...columns.map((column) => cell('th', column.name, column, 'col')));
  const body = rows.map((row) => {
    const [name, ...others] = row;
    const first = cell('th', name, columns[0], 'row');
    return make('tr', {}, first, ...others.map((text, i) => cell('td', text, columns[i + 1])));
  });
  const table = make('table', {}, make('thead', {}, head), make('tbody', {}, ...body));
  table.dataset.testid = id;
  const heading = make('h3', { id: `${id}-title`, textContent: title });
  const frame = make('div', { className: 'sheet', tabIndex: 0 }, table);
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-labelledby', heading.id);
  const lead = note ? [make('p', { className: 'quiet', textContent: note })] : [];
  return make('section', {}, heading, ...lead, frame);
}

function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Copies a text and says so; where the browser refuses, shows the text, selected. */
async function copy(text) {
  const area = element('by-hand');
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    area.value = text;
    area.hidden = false;
    area.focus();
    area.select();
    element('copied').textContent = say('by_hand');
    return;
  }
  area.hidden = true;
  element('copied').textContent = say('copied');
  setTimeout(() => {
    if (element('copied').textContent === say('copied')) element('copied').textContent = '';
  }, THANKS_MS);
}
