// A file on a host that goes wrong on purpose, and counts every byte that it sends.
//
// `script` holds a fault for each request to come, in order, `null` for none; what is in `always` goes for
// all others:
//   stall: P       nothing more is sent from byte P on
//   status: N      an answer without the file, with `headers`
//   html: true     a web page in place of the file
//   ignoreRange    the whole file, with status 200
//   corrupt: [P]   these bytes of the file are sent inverted
//   body, etag, modified   another file from now on, and what the host says of its version, if anything
//   total, shift   a lie in Content-Range: another length of the whole, another first byte
//   length         another Content-Length; if it is shorter, no more than that is sent
//   hideRange      no Access-Control-Expose-Headers: scripts of other sites cannot read Content-Range
//   rate: N        bytes a second, of each connection
// At each place in `cuts` the connection ends once, before that byte of the file is sent, with all before it delivered.
// A byte counts once the system has taken it from this process. Where the head of an answer is the fault already (`total`,
// `shift`, a file of another length), what follows it is not counted: it is on its way before the client can refuse it.
// A cut comes a moment after the last byte: browsers throw away what a script has not read yet when a connection fails.

import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

const PIECE = 64 << 10;
const BEFORE_A_CUT_MS = 750;
/** What browsers send by themselves, and the range. Anything else would be a header of ours, which needs a preflight. */
const PLAIN_HEADERS = /^(accept|accept-encoding|accept-language|cache-control|connection|cookie|host|origin|pragma|priority|range|referer|sec-.*|user-agent)$/;

export class FaultyFile {
  constructor(body) {
    this.body = body;
    this.etag = `"${hashOf(body).slice(0, 16)}"`;
    this.modified = undefined;
    this.script = [];
    this.always = {};
    this.cuts = [];
    /** `{ method, range, headers }` of each request. */
    this.requests = [];
    /** How often each byte was sent, of the file as it was at first. */
    this.counts = new Uint8Array(body.length);
    /** Bytes sent so far, and those of them that had been sent before. */
    this.sent = 0;
    this.resent = 0;
    /** Requests that are being answered, and the most that were. */
    this.open = 0;
    this.mostOpen = 0;
    this.watchers = [];
    this.handle = this.handle.bind(this);
  }

  /** Resolves when so many different bytes have been sent. */
  whenSent(bytes) {
    return new Promise((resolve) => {
      this.watchers.push({ bytes, resolve });
      this.look();
    });
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
    if (fault.body) [this.body, this.etag, this.modified] = [fault.body, fault.etag, fault.modified];
    const headers = { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store' };
    if (!fault.hideRange) headers['Access-Control-Expose-Headers'] = 'Content-Range, ETag';
    if (fault.status) return response.writeHead(fault.status, { ...headers, 'Content-Type': 'text/plain', ...fault.headers }).end('no');
    if (fault.html) return response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end('<!doctype html>');

    const { body } = this;
    const whole = fault.ignoreRange || !range;
    const start = whole ? 0 : Number(range[1]);
    const end = whole || !range[2] ? body.length : Math.min(Number(range[2]) + 1, body.length);
    if (start >= end) return response.writeHead(416, { ...headers, 'Content-Range': `bytes */${body.length}` }).end();
    const shift = fault.shift ?? 0;
    if (!whole) headers['Content-Range'] = `bytes ${start + shift}-${end - 1 + shift}/${fault.total ?? body.length}`;
    if (this.etag) headers.ETag = this.etag;
    if (this.modified) headers['Last-Modified'] = this.modified;
    headers['Content-Type'] = 'application/octet-stream';
    headers['Content-Length'] = fault.length ?? end - start;
    response.writeHead(whole ? 200 : 206, headers);
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    await this.send(response, start, end, fault);
    this.open -= 1;
  }

  async send(response, start, end, fault) {
    const { body } = this;
    const closed = new Promise((resolve) => response.once('close', resolve));
    const cut = this.cuts.filter((at) => at > start && at < end).sort((a, b) => a - b)[0];
    this.cuts = this.cuts.filter((at) => at !== cut);
    const announced = start + (fault.length ?? end - start);
    const stop = Math.min(end, announced, cut ?? end, fault.stall ?? end);
    const isBelieved = fault.total === undefined && fault.shift === undefined && body.length === this.counts.length;
    const began = Date.now();
    for (let at = start; at < stop && !response.destroyed; ) {
      const next = Math.min(at + PIECE, stop);
      const piece = Buffer.from(body.subarray(at, next));
      for (const wrong of fault.corrupt ?? []) if (wrong >= at && wrong < next) piece[wrong - at] ^= 0xff;
      const error = await Promise.race([new Promise((resolve) => response.write(piece, resolve)), closed.then(() => 'closed')]);
      if (error) return;
      if (isBelieved) this.count(at, next);
      at = next;
      if (fault.rate) await wait(Math.max(0, ((at - start) / fault.rate) * 1000 - (Date.now() - began)));
    }
    if (response.destroyed) return;
    if (fault.stall !== undefined && fault.stall < end) return void (await closed);
    if (stop < Math.min(end, announced) || announced > end) {
      await wait(BEFORE_A_CUT_MS);
      return void response.socket?.destroy();
    }
    response.end();
  }

  count(from, to) {
    for (let at = from; at < to; at++) if (this.counts[at]++ > 0) this.resent += 1;
    this.sent += to - from;
    this.look();
  }

  look() {
    const there = (watcher) => this.sent - this.resent >= watcher.bytes;
    this.watchers.filter(there).forEach(({ resolve }) => resolve());
    this.watchers = this.watchers.filter((watcher) => !there(watcher));
  }

  /** Fails if a request would have needed a preflight, or was one. */
  assertPlain(assert) {
    for (const { method, range, headers } of this.requests) {
      assert.equal(method, 'GET');
      assert.ok(range === undefined || /^bytes=\d+-\d+$/.test(range), `one range with an end: ${range}`);
      assert.deepEqual(Object.keys(headers).filter((name) => !PLAIN_HEADERS.test(name)), []);
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
