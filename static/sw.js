// The page without a network: keeps all files of one build, and answers with them from the second visit on.
//
// A build is one whole: page, worker and wasm work only with each other, and the worker's files keep their names from
// build to build. So no page may ever get a file of another build than its own, and this is why none does:
//
// - The files of a build are checked against the digests below, become available all together, and give way all
//   together. While a page of a build is open, another build waits, however often the page is reloaded.
// - It comes in when the last of those pages is closed, or when the visitor asks for it. Then static/renew.js waits
//   until no tab starts, answers, loads or measures, and sends "take-over"; nothing else may call skipWaiting.
// - With that, the browser hands all open pages over to this script, and static/renew.js reloads them at once. Until
//   they are gone, this script answers none of their requests: a page that it has not opened itself gets nothing of its
//   files, and is reloaded from here should its own script have missed it. (The worker of an old page is asked for by
//   that page, or was there before: tabs that start are waited for.)
// - Every way to a page of the site leads to the kept one, also with a query or without ".html": if one led to the
//   host, its new page would get the old worker.
// - If the browser has cleared what was kept, everything comes from the host, as if this script did not exist.
//
// A request for anything that is not in the list takes its usual way, as if this script did not exist. That is meant
// for models above all: they may lie beside the page, and are gigabytes that the page stores by itself. Their list,
// models.json, and their digests are not in the list either: whoever runs the host may change them at any time.
//
// `cargo xtask dist` fills in the two constants (xtask/src/offline.rs) and writes the result beside index.html.
//
// The way back, should the kept copy ever do harm: put this on the host as sw.js, in place of this file, and leave it
// there. Browsers look for a new sw.js on every visit, and not in their HTTP cache.
//
//   addEventListener("install", () => skipWaiting());
//   addEventListener("activate", (event) => event.waitUntil(leave()));
//   async function leave() {
//     for (const name of await caches.keys()) if (name.startsWith("inkstone-")) await caches.delete(name);
//     await registration.unregister();
//   }
"use strict";

// Hexadecimal; another one whenever any file is another one.
const BUILD = "{build}";
// Each an address relative to this script, and the SHA-256 of what must be there.
const FILES = [["{files}", ""]];

const HERE = new URL("./", location.href);
// Caches belong to the whole origin, which may have Inkstone in several folders.
const CACHE = `inkstone-${BUILD}@${HERE.pathname}`;
const DIGESTS = new Map(FILES.map(([name, digest]) => [new URL(name, HERE).href, digest]));

addEventListener("install", (event) => event.waitUntil(keepAll()));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", (event) => {
  if (event.data !== "take-over") return;
  opened = new Set();
  event.waitUntil(skipWaiting());
});
addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") noteOpened(event.resultingClientId);
  // A kept file is whole: an answer to a range would have to be cut out of it.
  if (request.method !== "GET" || request.headers.has("range")) return;
  const url = address(request);
  if (DIGESTS.has(url)) event.respondWith(answer(event, url));
});

// The pages that came from here, since this build was told to take over; undefined if it was not. A browser ends this
// script when there has been nothing to do for a while, and what it knows: by then the old pages are long gone.
let opened;

function noteOpened(client) {
  // A browser that does not tell which page will come of a request cannot be asked which page has come from here.
  if (client) opened?.add(client);
  else opened = undefined;
}

// A page's address may have more to it than the file.
function address(request) {
  const url = new URL(request.url);
  url.hash = "";
  if (request.mode === "navigate") {
    url.search = "";
    url.pathname = url.pathname.replace(/\/index\.html$/, "/");
    if (DIGESTS.has(`${url.href}.html`)) url.pathname += ".html";
  }
  return url.href;
}

// One file after the other: the page is still fetching its own, and a visit that ends too early leaves whole files,
// with which the next attempt goes on. If one fails, this build is not installed; what was there before stays in use.
async function keepAll() {
  try {
    const cache = await caches.open(CACHE);
    for (const [url, digest] of DIGESTS) {
      await cache.put(url, (await kept(url, digest)) ?? (await fetched(url, digest)));
    }
  } catch (error) {
    console.warn("Inkstone is not available offline yet:", error);
    throw error;
  }
}

// What has not changed since an earlier build, the built-in model above all, is not fetched again.
async function kept(url, digest) {
  for (const name of await ownCaches()) {
    const response = await caches.match(url, { cacheName: name, ignoreVary: true });
    if (response && (await digestOf(response)) === digest) return response;
  }
}

// The browser has just fetched most files for the page, so its HTTP cache is asked first. Where that is out of date,
// the digest tells, and the host is asked; it may be out of date, too, while a deployment spreads.
async function fetched(url, digest) {
  for (const cache of ["default", "reload"]) {
    const response = direct(await fetch(url, { cache }));
    if (response.status === 200 && (await digestOf(response)) === digest) return response;
  }
  throw new Error(`${url} is not the file of build ${BUILD}`);
}

// Some hosts send a browser that asks for bench.html on to bench. An answer that was redirected cannot be used for a
// page, so it is made anew; whether it is the right one, the digest tells.
function direct(response) {
  return response.redirected ? new Response(response.body, response) : response;
}

async function digestOf(response) {
  const digest = await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// By now no page of another build is open, or it is being reloaded.
async function takeOver() {
  const old = (await ownCaches()).filter((name) => name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The page of the very first visit came from the host; from here on it needs the host no more. Later, a page that is
  // not controlled was reloaded past this script on purpose.
  if (old.length === 0) await clients.claim();
}

async function ownCaches() {
  return (await caches.keys()).filter((name) => name.replace(/^inkstone-[0-9a-f]+/, "") === `@${HERE.pathname}`);
}

async function answer(event, url) {
  if (await isStranger(event)) return Response.error();
  const response = await caches.match(url, { cacheName: CACHE, ignoreVary: true }).catch(() => undefined);
  // The browser may have cleared the cache; the host still has the file.
  return response ?? fetch(event.request);
}

// Whether a page asks that another build has opened; it is sent to this one.
async function isStranger({ clientId, request }) {
  if (!opened || !clientId || request.mode === "navigate") return false;
  const client = await clients.get(clientId);
  if (client?.type !== "window" || opened.has(clientId)) return false;
  // Refused where the page is on its way already.
  client.navigate(client.url).catch(() => {});
  return true;
}
