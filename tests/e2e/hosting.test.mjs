// What hosts and operators rely on: the page can be installed, the headers name files that there are, and models beside
// the page, with their list and their digests, never pass through the service worker.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST } from './lib/fixtures.mjs';
import { serve } from './lib/server.mjs';
import { controlled, kept, names, text } from './lib/site.mjs';

const MINUTE = 60_000;
const FOLDER = '/some/folder/';

/** Width and height of a PNG. */
function pngSize(bytes) {
  assert.equal(bytes.subarray(1, 4).toString('latin1'), 'PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe('the manifest', () => {
  const manifest = JSON.parse(text('manifest.webmanifest'));

  test('has what installing takes, in any folder', () => {
    const { start_url: start, scope, display, lang, name, short_name: short, description } = manifest;
    assert.deepEqual({ start, scope, display, lang }, { start: './', scope: './', display: 'standalone', lang: 'en' });
    // It would be relative to the origin, whatever the folder: two sites of one origin would be one program.
    assert.equal(manifest.id, undefined);
    assert.ok(name && short && description);
    const light = /name="theme-color" content="(#\w+)" media="\(prefers-color-scheme: light\)"/.exec(text('index.html'))[1];
    assert.deepEqual([manifest.theme_color, manifest.background_color], [light, light]);
  });

  test('names icons that are what it says', () => {
    const icons = manifest.icons.map(({ src, sizes, purpose }) => {
      const size = pngSize(readFileSync(path.join(DIST, src)));
      assert.equal(sizes, size.join('x'), src);
      return `${purpose} ${sizes}`;
    });
    assert.deepEqual(icons, ['any 192x192', 'any 512x512', 'maskable 512x512']);
    const [, apple] = /rel="apple-touch-icon" href="\.\/([^"]+)"/.exec(text('index.html'));
    assert.deepEqual(pngSize(readFileSync(path.join(DIST, apple))), [180, 180]);
  });

  test('is taken by the browser, in a folder and without a network', { timeout: 5 * MINUTE }, async () => {
    const server = await serve({ mounts: { [FOLDER]: DIST } });
    const browser = await openBrowser();
    try {
      const { page, context } = browser;
      await page.goto(server.origin + FOLDER);
      await controlled(page);
      const session = await context.newCDPSession(page);
      const { url, errors, manifest: seen } = await session.send('Page.getAppManifest');
      assert.equal(url, `${server.origin}${FOLDER}manifest.webmanifest`);
      assert.deepEqual(errors, []);
      assert.deepEqual([seen.startUrl, seen.scope, seen.id], Array(3).fill(server.origin + FOLDER));
      const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
      assert.deepEqual(installabilityErrors, []);
      await context.setOffline(true);
      await server.close();
      const answers = await page.evaluate(async (icons) => {
        const addresses = ['manifest.webmanifest', 'icons/apple-180.png', ...icons];
        return Promise.all(addresses.map(async (address) => (await fetch(address)).status));
      }, manifest.icons.map(({ src }) => src));
      assert.deepEqual(answers, [200, 200, 200, 200, 200]);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});

describe('headers for hosts', () => {
  const rules = new Map();
  for (const block of text('_headers').split(/\n\n+/).filter((block) => block.startsWith('/'))) {
    const [address, ...headers] = block.trimEnd().split('\n');
    assert.ok(!rules.has(address), `${address} has one rule`);
    rules.set(address, headers.map((header) => header.trim()));
  }

  test('name each file of the site, once', () => {
    assert.ok(rules.size <= 100, 'hosts allow no more');
    const files = names().filter((name) => !/(^|\/)[._]|\.(br|gz)$/.test(name));
    const addresses = [...rules.keys()].filter((address) => !['/*', '/', '/bench'].includes(address));
    assert.deepEqual(addresses.sort(), files.map((name) => `/${name}`).sort());
  });

  test('let browsers keep for ever only what has a hash in its name', () => {
    for (const [address, [header]] of rules) {
      if (address === '/*') continue;
      const hashed = /\/[a-z]+-[0-9a-f]{12,16}(_bg)?\.[a-z]+$/.test(address);
      assert.match(header, hashed ? /immutable/ : /no-cache/, address);
    }
    for (const address of ['/', '/index.html', '/sw.js', '/bench.html', '/worker.js', '/worker_bg.wasm', '/models.json']) {
      assert.deepEqual(rules.get(address), ['Cache-Control: no-cache']);
    }
  });
});

test('models beside the page, their list and their digests never pass through the service worker', { timeout: 5 * MINUTE }, async () => {
  assert.deepEqual(JSON.parse(text('models.json')), []);
  const list = { type: 'application/json', body: '[{"url": "models/x.gguf"}]' };
  const pages = {
    // Edited after the deployment, before the first visit.
    [`${FOLDER}models.json`]: list,
    [`${FOLDER}models/x.gguf`]: { type: 'application/octet-stream', body: 'a model' },
    [`${FOLDER}models/x.gguf.digests.json`]: { type: 'application/json', body: '{}' },
  };
  const server = await serve({ mounts: { [FOLDER]: DIST }, pages });
  const browser = await openBrowser();
  try {
    const { page } = browser;
    await page.goto(server.origin + FOLDER);
    await controlled(page);
    const before = await kept(page);
    assert.equal(Object.keys(before).length, 1, 'the edited list does not keep the site from being kept');
    list.body = '[{"url": "models/y.gguf"}]';

    const through = {};
    page.on('response', (response) => {
      const range = response.request().headers().range ? ' in part' : '';
      through[response.url().slice(server.origin.length + FOLDER.length) + range] = response.fromServiceWorker();
    });
    const got = await page.evaluate(async () => {
      const read = async (address, headers) => (await fetch(address, { headers })).text();
      const texts = [await read('models.json'), await read('models/x.gguf'), await read('models/x.gguf.digests.json')];
      const part = await fetch('guide.gguf', { headers: { Range: 'bytes=0-3' } });
      const whole = await fetch('guide.gguf');
      return { texts, part: [part.status, await part.text()], whole: (await whole.arrayBuffer()).byteLength };
    });
    const guide = readFileSync(path.join(DIST, 'guide.gguf'));
    assert.deepEqual(got, { texts: [list.body, 'a model', '{}'], part: [206, 'GGUF'], whole: guide.length });
    await page.waitForTimeout(200);
    assert.deepEqual(through, {
      'models.json': false,
      'models/x.gguf': false,
      'models/x.gguf.digests.json': false,
      'guide.gguf in part': false,
      'guide.gguf': true,
    });
    assert.deepEqual(await kept(page), before);
    const digest = createHash('sha256').update(guide).digest('hex');
    assert.ok(text('sw.js').includes(`["./guide.gguf", "${digest}"]`));
    assert.ok(!/models\.json"|digests\.json"/.test(text('sw.js')), 'no digest of what an operator edits');
  } finally {
    await browser.close();
    await server.close();
  }
});
