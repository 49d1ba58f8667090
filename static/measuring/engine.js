// The engine's worker as the measuring page sees it: commands in, events out, as src/protocol.rs defines them.
//
// To the worker: `{ json: '{"id", "command"}' }`. From it: a JSON text `{"id", "event": {"type", …}}`. Every request ends
// with one final event. A worker that has died answers nothing more; whoever needs one starts another.

import { say } from './words.js';

/** Of the protocol that this page speaks (src/protocol.rs). */
const VERSION = 4;

/** Written by Trunk beside the page. */
const WORKER_URL = './worker_loader.js';

const NOT_FINAL = ['ready', 'gpu_lost', 'progress', 'text'];

/** The code of a request that was stopped. */
export const CANCELLED = 'cancelled';

/** A failure, with the stable code of its kind (src/error.rs). */
export class EngineError extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

/** The link to a worker. */
export class Engine {
  #worker = new Worker(WORKER_URL, { type: 'module' });
  #waiting = new Map();
  #nextId = 1;
  #fault = null;
  #greeting;
  #greeted;

  constructor() {
    this.#greeted = new Promise((resolve, reject) => {
      this.#greeting = { resolve, reject };
    });
    this.#worker.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    this.#worker.onmessageerror = () => this.#die('a message of the worker could not be read');
    this.#worker.onerror = (event) => this.#die(event.message || 'the worker could not be fetched or run');
  }

  /** A worker that takes commands. */
  static async start() {
    const engine = new Engine();
    await engine.#greeted;
    return engine;
  }

  /** Whether there is still somebody to answer. */
  get alive() {
    return this.#fault === null;
  }

  /**
   * Gives a command; its final event. The events before it go to `onEvent`. A `failed` event is thrown as an
   * [`EngineError`], and so is the end that `signal` asks for.
   */
  request(command, { onEvent, signal } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#fault) return reject(this.#fault);
      if (signal?.aborted) return reject(new EngineError({ code: CANCELLED, message: 'stopped before it began' }));
      const id = this.#post(command);
      // Its own answer finds nobody who waits for it.
      const cancel = () => this.#post({ type: 'cancel', request: id });
      signal?.addEventListener('abort', cancel);
      const end = (settle) => (value) => {
        signal?.removeEventListener('abort', cancel);
        settle(value);
      };
      this.#waiting.set(id, { resolve: end(resolve), reject: end(reject), onEvent });
    });
  }

  #post(command) {
    const id = this.#nextId++;
    this.#worker.postMessage({ json: JSON.stringify({ id, command }) });
    return id;
  }

  #receive({ id, event }) {
    if (event.type === 'ready') return this.#greet(event.version);
    // Without a request: the worker itself could not go on. A lost GPU is told to the request that needed it, too.
    if (id === null && event.type === 'failed') return this.#die(event.error.message);
    const request = this.#waiting.get(id);
    if (!request) return;
    if (NOT_FINAL.includes(event.type)) return request.onEvent?.(event);
    this.#waiting.delete(id);
    if (event.type === 'failed') request.reject(new EngineError(event.error));
    else request.resolve(event);
  }

  #greet(version) {
    if (version === VERSION) this.#greeting.resolve();
    else this.#die(say('version', version, VERSION));
  }

  #die(message) {
    this.#fault = new EngineError({ code: 'internal', message });
    this.#worker.terminate();
    this.#greeting.reject(this.#fault);
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
  }
}
