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
/** A task is long from here on, and its time beyond this is time in which the page did not answer. */
const TASK_MS = 50;
const BLOCKED_SHARE_MAX = 0.1;
const GROWTH_BYTES_MAX = 8 << 20;

/** The hub's side of the socket, played in the page, so that the page is what is measured. */
function playHub(rate) {
  let open;
  globalThis.played = {
    seq: 0,
    feed(seconds, done) {
      const begun = performance.now();
      let sent = 0;
      const timer = setInterval(() => {
        const passed = performance.now() - begun;
        for (; sent < (Math.min(passed, seconds * 1000) / 1000) * rate; sent += 1) {
          const seq = (played.seq += 1);
          const from = `k${String(seq % 997).padStart(9, "a")}`;
          const data = { id: seq, from, to: "k8juvewcui", amount: (seq % 500) / 100, metadata: `message=order ${seq}`, type: "transfer" };
          open.say({ type: "event", seq, kind: "payment.made", topics: ["payments", "wallet:k8juvewcui"], at: new Date().toISOString(), data });
        }
        if (passed < seconds * 1000) return;
        clearInterval(timer);
        done();
      }, 10);
    },
  };
  globalThis.WebSocket = class {
    readyState = 0;

    constructor() {
      open = this;
      setTimeout(() => {
        this.readyState = 1;
        this.onopen?.({});
        this.say({ type: "welcome", conn: "c_1", epoch: "e1", head: 0, ping_s: 25, now: "", caller: { kind: "guest" } });
      });
    }

    say(message) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }

    send(text) {
      const { type, id, topics } = JSON.parse(text);
      setTimeout(() => {
        if (type !== "subscribe") return this.say({ type: type === "ping" ? "pong" : "ok", id, now: "" });
        this.say({ type: "subscribed", id, topics, mode: "live", from: 1, head: 0 });
        this.say({ type: "live", id, seq: played.seq });
      });
    }

    close() {
      this.readyState = 3;
    }
  };
}

let chrome;
before(async () => (chrome = await browser()));
after(() => chrome.end());

test("a thousand events a second leave the page responsive and its memory flat", { timeout: 180_000 }, async (t) => {
  const site = new Site();
  const hub = await site.hub({ flags: ["--drain-seconds", "0"] });
  const page = await chrome.page(hub.url, { open: false });
  await page.addInitScript(() => {
    globalThis.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
  });
  await page.addInitScript(playHub, EVENTS_A_SECOND);
  await page.goto(`${hub.url}/app/#/pulse`);
  await line(page, "Live");
  const debug = await page.context().newCDPSession(page);
  const heap = async () => {
    await debug.send("HeapProfiler.collectGarbage");
    return (await debug.send("Runtime.getHeapUsage")).usedSize;
  };
  const begun = performance.now();
  const feed = (seconds) => page.evaluate((seconds) => new Promise((resolve) => played.feed(seconds, resolve)), seconds);
  // The history fills first: what counts is what comes after it.
  await feed(4);
  const first = await heap();
  await page.evaluate(() => void (tasks.length = 0));
  await feed(SECONDS / 2);
  // In the middle of it a person types, and sees what they asked for.
  const rest = feed(SECONDS / 2);
  const typed = performance.now();
  await page.getByLabel("Filter").fill("order");
  await page.waitForFunction(() => document.querySelectorAll(".feed li").length === 60);
  const answered = performance.now() - typed;
  await rest;
  const seq = await page.evaluate(() => played.seq);
  await page.waitForFunction((seq) => document.querySelector(".feed .seq")?.textContent === `#${seq}`, seq, { timeout: 20_000 });
  const tasks = await page.evaluate(() => tasks);
  const last = await heap();
  const rate = Math.round(seq / ((performance.now() - begun) / 1000));
  const blocked = Math.round(tasks.reduce((sum, task) => sum + task - TASK_MS, 0));
  const longest = Math.round(Math.max(0, ...tasks));
  t.diagnostic(`${seq} events, ${rate} a second; ${tasks.length} long tasks, the longest ${longest} ms, ${blocked} ms beyond what is short; typing answered in ${Math.round(answered)} ms; heap ${first} to ${last} bytes`);
  assert.ok(blocked / (SECONDS * 1000) < BLOCKED_SHARE_MAX, `the page did not answer for ${blocked} ms of ${SECONDS} s`);
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
