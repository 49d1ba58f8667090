// A file on a host that goes wrong on purpose, and counts every byte that it sends.
//
// `script` holds a fault for each request to come, in order, `null` for none; what is in `always` goes for
// all others:
//   stall: P       nothing more is sent from byte P on
//   status: N      an answer without the file, with `headers`
//   html: true     a web page in place of the file
//   ignoreRange    the whole file, with status 200
//   corrupt: [P]   these bytes of the file are sent inverted
//   body, etag     another file from now on
//   total, length  a lie in Content-Range or Content-Length
//   hideRange      no Access-Control-Expose-Headers: scripts of other sites cannot read Content-Range
//   rate: N        bytes a second, of each connection
// At each place in `cuts` the connection ends once, before that byte of the file is sent, with all before it delivered.
// Where the head of an answer is the fault already (`total`), what follows it is not counted.
// A cut comes a moment after the last byte: browsers throw away what a script has not read yet when a connection fails.

import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

const PIECE = 64 << 10;
const BEFORE_A_CUT_MS = 250;
const FOREIGN = ['if-range', 'if-none-match', 'if-match', 'authorization', 'x-requested-with'];

export class FaultyFile {
  constructor(body) {
    this.body = body;
    this.etag = `"${hashOf(body).slice(0, 16)}"`;
    this.script = [];
    this.always = {};
    this.cuts = [];
    /** `{ method, range, headers }` of each request. */
    this.requests = [];
    /** How often each byte was sent. */
    this.counts = new Uint8Array(body.length);
    /** Requests that are being answered, and the most that were. */
    this.open = 0;
    this.mostOpen = 0;
    this.handle = this.handle.bind(this);
  }

  /** Bytes sent so far. */
  get sent() {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** Bytes sent more than once. */
  get resent() {
    return this.counts.reduce((sum, count) => sum + Math.max(0, count - 1), 0);
  }

  /** The places of the chunks of which any byte was sent more than once. */
  resentChunks(size) {
    const chunks = new Set();
    this.counts.forEach((count, at) => count > 1 && chunks.add(Math.floor(at / size)));
    return [...chunks];
  }

  async handle(request, response) {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    this.requests.push({ method: request.method, range: request.headers.range, headers: request.headers });
    const scripted = this.script.length > 0;
    const next = this.script.shift();
    const fault = scripted && next === null ? {} : { ...this.always, ...next };
    if (fault.body) [this.body, this.etag] = [fault.body, fault.etag];
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store' };
    if (!fault.hideRange) headers['Access-Control-Expose-Headers'] = 'Content-Range, ETag';
    if (fault.status) return response.writeHead(fault.status, { ...headers, 'Content-Type': 'text/plain', ...fault.headers }).end('no');
    if (fault.html) return response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end('<!doctype html>');

    const { body } = this;
    const whole = fault.ignoreRange || !range;
    const start = whole ? 0 : Number(range[1]);
    const end = whole || !range[2] ? body.length : Math.min(Number(range[2]) + 1, body.length);
    if (start >= end) return response.writeHead(416, { ...headers, 'Content-Range': `bytes */${body.length}` }).end();
    if (!whole) headers['Content-Range'] = `bytes ${start}-${end - 1}/${fault.total ?? body.length}`;
    if (this.etag) headers.ETag = this.etag;
    headers['Content-Type'] = 'application/octet-stream';
    headers['Content-Length'] = fault.length ?? end - start;
    response.writeHead(whole ? 200 : 206, headers);
    response.setMaxListeners(0);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    await this.send(response, start, end, fault);
    this.open -= 1;
  }

  async send(response, start, end, fault) {
    const { body } = this;
    const cut = this.cuts.filter((at) => at > start && at < end).sort((a, b) => a - b)[0];
    this.cuts = this.cuts.filter((at) => at !== cut);
    const stop = Math.min(end, cut ?? end, fault.stall ?? end);
    const began = Date.now();
    for (let at = start; at < stop && !response.destroyed; ) {
      const next = Math.min(at + PIECE, stop);
      const piece = Buffer.from(body.subarray(at, next));
      for (const wrong of fault.corrupt ?? []) if (wrong >= at && wrong < next) piece[wrong - at] ^= 0xff;
      const room = response.write(piece);
      if (fault.total === undefined) for (let i = at; i < next; i++) this.counts[i] += 1;
      at = next;
      if (!room) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      if (fault.rate) await wait(Math.max(0, ((at - start) / fault.rate) * 1000 - (Date.now() - began)));
    }
    if (response.destroyed) return;
    if (fault.stall !== undefined && fault.stall < end) return void (await once(response, 'close'));
    if (stop < end) {
      await wait(BEFORE_A_CUT_MS);
      return void response.socket?.destroy();
    }
    if (fault.length > end - start) {
      await wait(BEFORE_A_CUT_MS);
      return void response.socket?.destroy();
    }
    response.end();
  }

  /** Fails if a request would have needed a preflight, or was one. */
  assertPlain(assert) {
    for (const { method, range, headers } of this.requests) {
      assert.equal(method, 'GET');
      assert.ok(range === undefined || /^bytes=\d+-\d+$/.test(range), `one range with an end: ${range}`);
      for (const name of FOREIGN) assert.equal(headers[name], undefined, `${name} would need a preflight`);
    }
  }
}

/** SHA-256 in hexadecimal. */
export function hashOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The text of a list of chunk digests, as `lab digest` writes it. */
export function digestsOf(bytes, size) {
  const chunks = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(hashOf(bytes.subarray(at, at + size)));
  return JSON.stringify({ bytes: bytes.length, sha256: hashOf(bytes), chunk_bytes: size, chunks });
}

/** The text of a Git LFS pointer. */
export function pointerOf(bytes) {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${hashOf(bytes)}\nsize ${bytes.length}\n`;
}

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));
