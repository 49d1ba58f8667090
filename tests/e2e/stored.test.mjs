// A stored model without its host: once the page has been kept, the server may be gone for good, and the model still answers.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { openBrowser } from './lib/browser.mjs';
import { DIST, MODELS, anyFixture } from './lib/fixtures.mjs';
import { ask, engineState, openModels } from './lib/page.mjs';
import { serve } from './lib/server.mjs';
import { controlled } from './lib/site.mjs';

const MINUTE = 60_000;

test('with the server stopped, the page reloads and answers with a stored model', { timeout: 8 * MINUTE }, async () => {
  const fixture = anyFixture();
  const server = await serve({ mounts: { '/': DIST } });
  const browser = await openBrowser({ locale: 'en-GB' });
  const { page } = browser;
  try {
    await page.goto(server.origin);
    await engineState(page, 'ready');
    await openModels(page);
    await page.getByTestId('file-input').setInputFiles(path.join(MODELS, `${fixture.name}.gguf`));
    const inUse = page.locator('[data-testid="engine-state"][data-state="ready"]', { hasText: fixture.name });
    await inUse.waitFor({ timeout: 3 * MINUTE });
    await controlled(page);

    await server.close();
    // The browser's emulation alone may not hold for this machine.
    await browser.context.setOffline(true);
    await page.reload();
    await inUse.waitFor({ timeout: 3 * MINUTE });
    const answer = await ask(page, 'hello');
    assert.ok(answer.length > 0, 'an answer, though of random weights');
  } finally {
    await browser.close();
    await server.close().catch(() => {});
  }
});
