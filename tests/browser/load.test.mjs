// A thousand events a second into Pulse, and the client's suite in the browser.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Site } from "../../clients/typescript/test/support/hubs.mjs";
import { browser, clean, line } from "./support.mjs";

const SECONDS = process.env.TOLLBELL_SOAK ? 60 : 10;
const EVENTS_A_SECOND = 1000;
/** Longer than this is a pause that a person notices. */
const TASK_MS_MAX = 200;
const GROWTH_BYTES_MAX = 8 << 20;

let chrome;
before(async () => (chrome = await browser()));
after(() => chrome.end());

test("a thousand events a second leave the page responsive and its memory flat", { timeout: 180_000 }, async (t) => {
  const site = new Site();
  const hub = await site.hub({ flags: ["--drain-seconds", "0"] });
  const page = await chrome.page("about:blank");
  await page.addInitScript(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  // The hub's side of the socket is played here, so that the page is what is measured.
  let socket;
  let topics = 0;
  await page.routeWebSocket(/\/api\/v1\/ws/, (route) => {
    socket = route;
    const say = (message) => route.send(JSON.stringify(message));
    say({ type: "welcome", conn: "c_1", epoch: "e1", head: 0, ping_s: 25, now: new Date().toISOString(), caller: { kind: "guest" } });
    route.onMessage((text) => {
      const message = JSON.parse(text);
      if (message.type !== "subscribe") return say({ type: message.type === "ping" ? "pong" : "ok", id: message.id, now: "" });
      topics += message.topics.length;
      say({ type: "subscribed", id: message.id, topics: message.topics, mode: "live", from: 1, head: 0 });
      say({ type: "live", id: message.id, seq: 0 });
    });
  });
  await page.goto(`${hub.url}/app/#/pulse`);
  page.faults = [];
  await line(page, "Live");
  assert.ok(topics > 0);
  const debug = await page.context().newCDPSession(page);
  const heap = async () => {
    await debug.send("HeapProfiler.collectGarbage");
    return (await debug.send("Runtime.getHeapUsage")).usedSize;
  };
  let seq = 0;
  const begun = performance.now();
  const feed = async (seconds) => {
    const end = performance.now() + seconds * 1000;
    let due = performance.now();
    while (performance.now() < end) {
      // Ten frames of events every ten milliseconds, as a loaded hub joins them.
      for (; due <= performance.now(); due += 1000 / EVENTS_A_SECOND) {
        seq += 1;
        const data = { id: seq, from: `k${String(seq % 997).padStart(9, "a")}`, to: "k8juvewcui", amount: (seq % 500) / 100, metadata: `message=order ${seq}`, type: "transfer", at: "2026-11-22T01:00:00.123Z" };
        socket.send(JSON.stringify({ type: "event", seq, kind: "payment.made", topics: ["payments", "wallet:k8juvewcui"], at: new Date().toISOString(), data }));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  // The history fills first: what counts is what comes after it.
  await feed(4);
  const first = await heap();
  await page.evaluate(() => void (tasks.length = 0));
  await feed(SECONDS / 2);
  // In the middle of it a person types, and sees what they asked for.
  const typed = performance.now();
  await page.getByLabel("Filter").fill("order");
  await page.waitForFunction(() => document.querySelectorAll(".feed li").length === 60);
  const answered = performance.now() - typed;
  await feed(SECONDS / 2);
  await page.waitForFunction((seq) => document.querySelector(".feed .seq")?.textContent === `#${seq}`, seq, { timeout: 20_000 });
  const last = await heap();
  const tasks = await page.evaluate(() => tasks);
  const rate = Math.round(seq / ((performance.now() - begun) / 1000));
  const longest = Math.round(Math.max(0, ...tasks));
  t.diagnostic(`${seq} events, ${rate} a second; ${tasks.length} long tasks, the longest ${longest} ms; typing answered in ${Math.round(answered)} ms; heap ${first} to ${last} bytes`);
  assert.ok(longest < TASK_MS_MAX, `a task of ${longest} ms`);
  assert.ok(last - first < GROWTH_BYTES_MAX, `the heap grew from ${first} to ${last}`);
  await page.close();
  await site.end();
});

test("the suite of the TypeScript client holds in the browser as well", { timeout: 120_000 }, async (t) => {
  const root = fileURLToPath(new URL("../../clients/typescript/", import.meta.url));
  const types = { js: "text/javascript", mjs: "text/javascript" };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://x");
    if (pathname === "/") return response.setHeader("content-type", "text/html").end("<!doctype html><title>suite</title>");
    const type = types[pathname.split(".").at(-1)];
    if (!type || pathname.includes("..")) return response.writeHead(404).end();
    response.setHeader("content-type", type);
    createReadStream(root + pathname.slice(1)).on("error", () => response.destroy()).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const page = await chrome.page(`http://127.0.0.1:${server.address().port}/`, { quiet: /favicon|404/ });
  const { passed, failed } = await page.evaluate(async () => {
    const failed = [];
    let passed = 0;
    for (const name of ["session", "hub", "api"]) {
      const { tests } = await import(`/test/suite/${name}.mjs`);
      for (const [title, run] of Object.entries(tests)) {
        try {
          await run();
          passed += 1;
        } catch (error) {
          failed.push(`${name}: ${title}: ${error.message}`);
        }
      }
    }
    return { passed, failed };
  });
  t.diagnostic(`${passed} tests in Chromium`);
  assert.deepEqual(failed, []);
  assert.ok(passed >= 48, `${passed}`);
  await clean(page);
  await page.close();
  server.close();
});
