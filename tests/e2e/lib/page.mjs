// What a person does on the page.

import assert from 'node:assert/strict';

const MINUTE = 60_000;

/** Asks at once, whatever the engine is doing; the answer when it is complete. */
export async function ask(page, text) {
  const at = await page.getByTestId('message-assistant').count();
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('send').click();
  await page.getByTestId('stats').nth(at).waitFor({ timeout: 2 * MINUTE });
  return page.getByTestId('message-assistant').nth(at).locator('.message-text').textContent();
}

/** Asks, and stops the answer when it has begun: a model of random weights might never end. */
export async function askInBrief(page, text) {
  const at = await page.getByTestId('message-assistant').count();
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('send').click();
  await page.getByTestId('message-assistant').nth(at).locator('.message-text').filter({ hasText: /\S/ }).waitFor({ timeout: 2 * MINUTE });
  const stop = page.getByTestId('stop');
  // The answer may end between the look and the click.
  if (await stop.isVisible()) await stop.click({ timeout: 5000 }).catch(() => {});
  await engineState(page, 'ready');
}

/** Waits until the engine is in this state; fails if it fails. */
export async function engineState(page, state) {
  const there = page.locator(`[data-testid="engine-state"]:is([data-state="${state}"], [data-state="failed"])`);
  await there.waitFor({ state: 'attached', timeout: 3 * MINUTE });
  assert.equal(await there.getAttribute('data-state'), state);
}

/** Shows the models. */
export function openModels(page) {
  return show(page, 'true');
}

/** Shows the conversation. */
export function openChat(page) {
  return show(page, 'false');
}

/** One button leads from each view to the other; the page goes to the conversation by itself when a model is loaded. */
async function show(page, models) {
  const button = page.getByTestId('engine-state');
  if ((await button.getAttribute('aria-expanded')) !== models) await button.click();
  await button.and(page.locator(`[aria-expanded="${models}"]`)).waitFor();
}

/** What a server answers for the list of models beside the page. */
export function listBeside(models) {
  return { '/models.json': { body: JSON.stringify(models) } };
}
