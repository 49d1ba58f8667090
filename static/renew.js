// The page without a network, and its next build: registers the service worker (static/sw.js), looks for new builds, and
// brings one in when the visitor asks for it. In the head of index.html and of bench.html, before all that may start the
// engine: no page may go on when it has lost its build.
//
// It never brings a build in while a tab is at work. A tab that starts, answers, loads or measures holds a lock; the new
// build is told to take over when nobody does, and every tab is reloaded then. What is a build, and why pages and workers
// of two never meet, is in static/sw.js.
//
// The page speaks to it through events of the window, so that it can be missing, and so can the page:
//
//   inkstone:busy, inkstone:idle     something begins that a reload would spoil, or nothing is left of it
//   inkstone:renew, inkstone:later   the visitor wants the new build, or not now
//   inkstone:renewal                 to the page: `data-renewal` of the document has changed. "ready": a new build could
//                                    come in; "waiting": it will, when all tabs are idle; none: there is nothing to say
(function () {
  "use strict";
  const HOUR = 3_600_000;
  // A page that has not told by then whether it is at work will not start any more.
  const STARTING = 60_000;
  const AGAIN = 500;
  // Only where the page lies, not how it was asked for: several sites may share the origin.
  const WORK = `inkstone-work@${new URL("./", document.baseURI).pathname}`;
  const root = document.documentElement;
  const container = navigator.serviceWorker;
  // Missing where the page is not secure, and so without WebGPU.
  if (!window.isSecureContext || !container) return;

  // The first visit is taken over by the build that it has brought; every other change is one of builds.
  let had = container.controller !== null;
  container.addEventListener("controllerchange", () => {
    if (had) location.reload();
    had = true;
  });

  let release = null;
  function busy() {
    clearTimeout(starting);
    if (release || !navigator.locks) return;
    const done = new Promise((resolve) => (release = resolve));
    navigator.locks.request(WORK, { mode: "shared" }, () => done).catch(warn);
  }
  function idle() {
    clearTimeout(starting);
    release?.();
    release = null;
  }
  let starting;
  busy();
  starting = setTimeout(idle, STARTING);
  addEventListener("inkstone:busy", busy);
  addEventListener("inkstone:idle", idle);

  // With `?no-sw` in its address the page does without.
  if (/[?&]no-sw(&|=|$)/.test(location.search)) leave().catch(warn);
  // It must never fail for want of the service worker, and the files that it fetches for itself come first.
  else addEventListener("load", () => stay().catch(warn));

  async function leave() {
    await (await container.getRegistration())?.unregister();
    // What has come from there once more comes from the host.
    if (container.controller) location.reload();
  }

  async function stay() {
    const registration = await container.register("./sw.js");
    let looked = Date.now();
    addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible" || Date.now() - looked < HOUR) return;
      looked = Date.now();
      // Without a network there is nothing to be found.
      registration.update().catch(() => {});
    });
    // It may have been found already, and may be installed by now.
    const follow = () => registration.installing?.addEventListener("statechange", () => offer(registration));
    registration.addEventListener("updatefound", follow);
    follow();
    offer(registration);
    addEventListener("inkstone:renew", () => renew(registration));
    addEventListener("inkstone:later", () => tell(null));
  }

  function offer({ active, waiting }) {
    // The first build of all waits for nobody.
    if (active && waiting) tell("ready");
  }

  function tell(state) {
    if (state) root.dataset.renewal = state;
    else delete root.dataset.renewal;
    dispatchEvent(new Event("inkstone:renewal"));
  }

  // Asks again and again instead of standing in line for the lock: tabs that begin to work would stand behind, unseen.
  async function renew(registration) {
    if (root.dataset.renewal === "waiting") return;
    tell("waiting");
    while (root.dataset.renewal === "waiting" && !(await alone(() => takeOver(registration)))) {
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }

  // Runs `action` if no tab is at work, and keeps the tabs from beginning until it is done. Whether it has run.
  async function alone(action) {
    if (!navigator.locks) return action().then(() => true);
    return navigator.locks.request(WORK, { ifAvailable: true }, (lock) => lock !== null && action().then(() => true));
  }

  async function takeOver({ waiting }) {
    // Another tab was faster, and this one is about to be reloaded.
    if (!waiting) return;
    const over = new Promise((resolve) => waiting.addEventListener("statechange", resolve));
    waiting.postMessage("take-over");
    await over;
    // A page that was reloaded past the service worker is told of no change.
    if (!container.controller) location.reload();
  }

  function warn(error) {
    console.warn("Inkstone will not be available offline:", error);
  }
})();
