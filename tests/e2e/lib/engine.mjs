// Speaks to the engine's worker without Inkstone's own page: on a blank page of the same origin it starts the worker
// itself and exchanges messages as src/protocol.rs defines them.
//
// To the worker: `{ json: '{"id", "command"}', file? }`. From it: a JSON text `{"id", "event": {"type", …}}`.

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
export async function openEngine({ worker = './worker_loader.js', pages = {}, mounts = {}, webgpu, args } = {}) {
  const server = await serve({
    mounts: { '/': DIST, ...(MODELS && { '/fixtures/': MODELS }), ...(BAD && { '/bad/': BAD }), ...mounts },
    pages: { '/blank.html': BLANK, ...pages },
  });
  const browser = await openBrowser({ webgpu, args });
  const close = async () => {
    await browser.close();
    await server.close();
  };
  try {
    await browser.page.goto(`${server.origin}/blank.html`);
    await browser.page.evaluate(inPage, worker);
    const engine = new Engine(browser, server, close);
    engine.ready = await engine.call('ready', [], MINUTE);
    return engine;
  } catch (error) {
    await close();
    throw error;
  }
}

class Engine {
  constructor(browser, server, close) {
    Object.assign(this, { page: browser.page, errors: browser.errors, requests: browser.requests, origin: server.origin, close });
  }

  /**
   * Sends a command and waits for its final event, which it returns; the ones before it go to `onEvent` afterwards.
   * `file` is the URL of a file that travels with the command. A `failed` event becomes an [`EngineError`].
   */
  async request(command, { file, onEvent, timeout = 5 * MINUTE } = {}) {
    const events = await this.call('request', [command, file], timeout, command.type);
    const last = events.pop();
    if (onEvent) events.forEach(onEvent);
    if (last.type === 'failed') throw new EngineError(last.error);
    return last;
  }

  /** Imports a file by its URL: the stored model. */
  async import(file) {
    return (await this.request({ type: 'import' }, { file })).model;
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
  const NOT_FINAL = ['ready', 'gpu_lost', 'progress', 'text'];
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
    const request = waiting.get(id);
    if (!request) return;
    request.events.push(event);
    if (NOT_FINAL.includes(event.type)) return;
    waiting.delete(id);
    request.resolve(request.events);
  };

  globalThis.engine = {
    ready: () => isReady,
    async request(command, fileUrl) {
      if (dead) throw dead;
      const id = nextId++;
      const message = { json: JSON.stringify({ id, command }) };
      if (fileUrl) {
        const response = await fetch(fileUrl);
        if (!response.ok) throw new Error(`${fileUrl}: ${response.status}`);
        // A blob, unlike a buffer, may be larger than memory.
        message.file = new File([await response.blob()], decodeURIComponent(fileUrl.split('/').pop()));
      }
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, events: [] });
        worker.postMessage(message);
      });
    },
  };
}
