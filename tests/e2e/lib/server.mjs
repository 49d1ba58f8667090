// A static file server for tests, as plain as a static host: ranges and content types, no special headers.
// Mounts are folders by URL prefix; the longest prefix that fits is taken. `pages` are answers made up by a test:
// `{ body, status, type, location }`, all but the body optional, and that, too, where there is a `location` to go to.
// `handlers` are functions of request and response by whole path.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** Serves on a free port: `{ origin, close() }`. */
export async function serve({ mounts = {}, pages = {}, handlers = {} }) {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);
  const server = http.createServer(async (request, response) => {
    try {
      await answer(request, response);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });

  async function answer(request, response) {
    let name = decodeURIComponent(new URL(request.url, 'http://host').pathname);
    if (handlers[name]) return handlers[name](request, response);
    const page = pages[name];
    if (page) {
      const type = page.type ?? TYPES[path.extname(name)] ?? TYPES['.html'];
      response.writeHead(page.status ?? 200, { 'Content-Type': type, ...(page.location && { Location: page.location }) });
      return response.end(page.body);
    }
    if (name.endsWith('/')) name += 'index.html';
    const prefix = prefixes.find((prefix) => name.startsWith(prefix));
    const folder = prefix && path.resolve(mounts[prefix]);
    const file = folder && path.join(folder, name.slice(prefix.length));
    const info = file?.startsWith(folder + path.sep) && (await stat(file).catch(() => null));
    if (!info?.isFile()) return response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found');
    sendFile(request, response, file, info.size);
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

function sendFile(request, response, file, size) {
  const headers = { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream', 'Accept-Ranges': 'bytes' };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = Math.min(range?.[2] ? Number(range[2]) : size - 1, size - 1);
  if (range && start > end) return response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${size}`;
  response.writeHead(range ? 206 : 200, { ...headers, 'Content-Length': end - start + 1 });
  if (request.method === 'HEAD' || size === 0) return response.end();
  createReadStream(file, { start, end }).pipe(response);
}
