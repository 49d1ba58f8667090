// A Chromium that a test starts by itself, to kill it: with its own profile, which stays for the next start.

import { spawn } from 'node:child_process';
import { chromium } from 'playwright-core';
import { FLAGS, executable } from './browser.mjs';

/** Starts it on a profile; `{ page, kill() }`. */
export async function startChromium(profile) {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const args = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...sandbox, ...FLAGS, 'about:blank'];
  // A group of its own, so that all of its processes can be killed at once, and no other.
  const child = spawn(executable(), args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const endpoint = await new Promise((resolve, reject) => {
    let text = '';
    child.stderr.on('data', (data) => {
      text += data;
      const found = /DevTools listening on (ws:\S+)/.exec(text);
      if (found) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`Chromium ended with ${code}: ${text.slice(-500)}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint);
  const context = browser.contexts()[0];
  const page = context.pages()[0] ?? (await context.newPage());
  const kill = async () => {
    process.kill(-child.pid, 'SIGKILL');
    await exited;
    await browser.close().catch(() => {});
  };
  return { page, context, kill };
}
