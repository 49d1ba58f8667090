// Speaks to the engine's worker without Inkstone's own page: on a blank page of the same origin it starts the worker
// itself and exchanges messages as src/protocol.rs defines them.
//
// To the worker: `{ json: '{"id", "command"}', files? }`. From it: a JSON text `{"id", "event": {"type", …}}`.

import { openBrowser } from './browser.mjs';
import { BAD, DIST, MODELS } from './fixtures.mjs';
import { serve } from './server.mjs';

const BLANK = { body: '<!doctype html><meta charset="utf-8"><title>blank</title><link rel="icon" href="data:,">' };
const MINUTE = 60_000;
const PANIC = /panicked at|RuntimeError: unreachable/;

/** A request that ended with the event `failed`. */
export class EngineError extends Error {
  constructor(report) {
    super(`${report.code}: ${report.message}`);
    this.code = report.code;
  }
}

/** Server, browser and worker together; `close()` ends all three. */
export async function openEngine({ worker = './worker_loader.js', pages = {}, mounts = {}, handlers = {}, ...options } = {}) {
  const server = await serve({
    mounts: { '/': DIST, ...(MODELS && { '/fixtures/': MODELS }), ...(BAD && { '/bad/': BAD }), ...mounts },
    pages: { '/blank.html': BLANK, ...pages },
    handlers,
  });
  const browser = await openBrowser(options);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  try {
    const engine = new Engine(browser.page, browser, server, close);
    await engine.start(worker);
    return engine;
  } catch (error) {
    await close();
    throw error;
  }
}

export class Engine {
  constructor(page, browser, server, close) {
    Object.assign(this, { page, browser, server, errors: browser.errors, requests: browser.requests, origin: server.origin, close });
  }

  /** Opens the blank page, anew if it is open, and starts a worker in it. */
  async start(worker = './worker_loader.js') {
    await this.page.goto(`${this.origin}/blank.html`);
    await this.page.evaluate(inPage, worker);
    this.ready = await this.call('ready', [], MINUTE);
  }

  /** Another tab of the same browser, with a worker of its own; `close()` closes the tab. */
  async another() {
    const page = await this.browser.context.newPage();
    const other = new Engine(page, this.browser, this.server, () => page.close());
    await other.start();
    return other;
  }

  /** Begins a request without waiting for its end: `{ id, last }`, the last event as [`request`] gives it. */
  async begin(command, options = {}) {
    const id = await this.call('reserve', [], MINUTE);
    const last = this.request(command, { ...options, id });
    // Whoever begins it may look at its end much later.
    last.catch(() => {});
    return { id, last };
  }

  /** The events so far of a request that was begun, or those that belong to none (`null`). */
  events(id) {
    return this.page.evaluate((id) => globalThis.engine.events(id), id);
  }

  /** Waits until an event has come of a request that was begun, or of none (`null`), of which `wanted` is true. */
  async until(id, wanted, timeout = MINUTE) {
    const started = Date.now();
    for (;;) {
      const found = (await this.events(id)).find(wanted);
      if (found) return found;
      if (Date.now() - started > timeout) throw new Error(`no such event in ${timeout / 1000} s: ${wanted}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SHA-256 of a file in the browser's storage, read by the page, not by the engine. */
  hash(path) {
    return this.page.evaluate(async (path) => {
      const [folder, name] = path.split('/');
      const root = await navigator.storage.getDirectory();
      const handle = await (await root.getDirectoryHandle(folder)).getFileHandle(name);
      const digest = await crypto.subtle.digest('SHA-256', await (await handle.getFile()).arrayBuffer());
      return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    }, path);
  }

  /** Paths and lengths of all files of models in the browser's storage. */
  files() {
    return this.page.evaluate(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
      const entries = await Array.fromAsync(folder.entries());
      return Promise.all(entries.map(async ([name, handle]) => ({ path: `models/${name}`, bytes: (await handle.getFile()).size })));
    });
  }

  /** What a failing disk may do to a file that nobody has open: another content from a place on, or an end there. */
  damage(path, at, bytes = null) {
    return this.page.evaluate(async ([path, at, bytes]) => {
      const [folder, name] = path.split('/');
      const root = await navigator.storage.getDirectory();
      const handle = await (await root.getDirectoryHandle(folder)).getFileHandle(name);
      const stream = await handle.createWritable({ keepExistingData: true });
      if (bytes) await stream.write({ type: 'write', position: at, data: new Uint8Array(bytes) });
      else await stream.truncate(at);
      await stream.close();
    }, [path, at, bytes]);
  }

  /**
   * Sends a command and waits for its final event, which it returns; the ones before it go to `onEvent` afterwards.
   * `file` (or `files`) is the URL of a file that travels with the command, or `=name` for one in the page's `kept`. A `failed` event becomes an [`EngineError`].
   */
  async request(command, { file, files = file ? [file] : [], onEvent, id, timeout = 5 * MINUTE } = {}) {
    const events = await this.call('request', [command, files, id], timeout, command.type);
    const last = events.pop();
    if (onEvent) events.forEach(onEvent);
    if (last.type === 'failed') throw new EngineError(last.error);
    return last;
  }

  /** Imports a file by its URL: the stored model. */
  async import(...files) {
    return (await this.request({ type: 'import' }, { files })).model;
  }

  /** Loads a stored model: what was loaded. */
  async load(model, options = {}) {
    return (await this.request({ type: 'load', model, options })).model;
  }

  async call(name, args, timeout, what = name) {
    const started = Date.now();
    let timer;
    const givenUp = new Promise((_, reject) => {
      timer = setInterval(() => {
        // A worker that panicked never answers.
        const panic = this.errors.find((text) => PANIC.test(text));
        if (panic) reject(new Error(`${what}: ${panic}`));
        const seconds = (Date.now() - started) / 1000;
        if (seconds > timeout / 1000) reject(new Error(`no answer to ${what} in ${seconds} s; console: ${this.errors.slice(-3).join(' | ') || 'silent'}`));
      }, 500);
    });
    const answer = this.page.evaluate(([name, args]) => globalThis.engine[name](...args), [name, args]);
    return Promise.race([answer, givenUp]).finally(() => clearInterval(timer));
  }
}

// Runs in the page; may use nothing from outside.
function inPage(workerUrl) {
  const NOT_FINAL = [
    'ready', 'gpu_lost', 'elsewhere', 'freed', 'library_changed', 'download_elsewhere', 'waiting', 'progress', 'text',
  ];
  const heard = [];
  const worker = new Worker(workerUrl, { type: 'module' });
  const waiting = new Map();
  let nextId = 1;
  let ready;
  let dead;
  const isReady = new Promise((resolve, reject) => (ready = { resolve, reject }));

  const die = (error) => {
    dead = error;
    ready.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.onerror = (event) => die(new Error(`the worker failed: ${event.message ?? 'its script did not load'}`));
  worker.onmessageerror = () => die(new Error('a message from the worker cannot be read'));
  worker.onmessage = ({ data }) => {
    const { id, event } = JSON.parse(data);
    if (event.type === 'ready') ready.resolve(event);
    if (id === null) heard.push(event);
    const request = waiting.get(id);
    if (!request) return;
    request.events.push(event);
    if (NOT_FINAL.includes(event.type)) return;
    waiting.delete(id);
    request.resolve(request.events);
  };

  globalThis.engine = {
    ready: () => isReady,
    reserve: () => nextId++,
    events: (id) => (id === null ? heard : (waiting.get(id)?.events ?? [])),
    async request(command, fileUrls, id = nextId++) {
      if (dead) throw dead;
      const message = { json: JSON.stringify({ id, command }), files: [] };
      for (const fileUrl of fileUrls) {
        if (fileUrl.startsWith('=')) {
          message.files.push(globalThis.kept[fileUrl.slice(1)]);
          continue;
        }
        const response = await fetch(fileUrl);
        if (!response.ok) throw new Error(`${fileUrl}: ${response.status}`);
        // A blob, unlike a buffer, may be larger than memory.
        message.files.push(new File([await response.blob()], decodeURIComponent(fileUrl.split('/').pop())));
      }
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, events: [] });
        worker.postMessage(message);
      });
    },
  };
}
