// What a person does on the page.

const MINUTE = 60_000;

/** Asks at once, whatever the engine is doing; the answer when it is complete. */
export async function ask(page, text) {
  const at = await page.getByTestId('message-assistant').count();
  await page.getByTestId('composer').fill(text);
  await page.getByTestId('send').click();
  await page.getByTestId('stats').nth(at).waitFor({ timeout: 2 * MINUTE });
  return page.getByTestId('message-assistant').nth(at).locator('.message-text').textContent();
}
