// A browser for tests, and pages that tell of everything a person would not see: errors on the console, violations of
// the content policy, what axe finds.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where the screenshots of a run are kept. */
export const SHOTS = `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/browser`;
mkdirSync(SHOTS, { recursive: true });

const FLAGS = "--no-sandbox --disable-dev-shm-usage --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** A browser of its own, with a profile that goes with it. */
export async function browser() {
  const profile = mkdtempSync("/tmp/tollbell-browser-");
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS.split(" "),
    viewport: { width: 1280, height: 860 },
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await context.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => violations.push(`${violatedDirective} ${blockedURI} ${sourceFile}`));
  });
  return {
    context,
    /** A page of this address, and what goes wrong on it. `quiet` matches what is expected to go wrong. */
    async page(url, { quiet, open = true } = {}) {
      const page = await context.newPage();
      page.faults = [];
      page.quiet = quiet;
      page.setDefaultTimeout(20_000);
      const fault = (text) => page.quiet?.test(text) || page.faults.push(text);
      page.on("console", (message) => message.type() === "error" && fault(message.text() + " " + message.location().url));
      page.on("pageerror", (error) => fault(String(error)));
      page.on("request", (request) => {
        const { host, protocol } = new URL(request.url());
        if (!["data:", "blob:"].includes(protocol) && host !== new URL(url).host) fault(`asked another host: ${request.url()}`);
      });
      if (open) await page.goto(url);
      return page;
    },
    async end() {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** Fails when something went wrong that nobody saw. */
export async function clean(page) {
  assert.deepEqual(await page.evaluate(() => violations), [], "violations of the content policy");
  assert.deepEqual(page.faults, [], "errors on the console");
}

/** Fails when axe finds something. */
export async function accessible(page, about) {
  // By the debugger, for the page's own policy lets nobody else in.
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "passes"] }));
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} (${failureSummary.split("\n").at(-1).trim().slice(0, 200)})`).slice(0, 3).join(" | ")}`);
  assert.deepEqual(found, [], about);
  assert.ok(passes.length > 5, `${about}: axe has looked at nothing`);
}

/** Keeps a picture of a page: wide, dark and on a phone. */
export async function picture(page, name) {
  const size = page.viewportSize();
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${SHOTS}/${name}-desktop.png` });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${SHOTS}/${name}-dark.png` });
  await accessible(page, `${name}, dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${SHOTS}/${name}-phone.png` });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name}: on a phone the page is ${wide} pixels too wide`);
  await accessible(page, `${name}, phone`);
  await page.setViewportSize(size);
}

/** Waits until the header says how the link is. */
export const line = (page, word, timeout = 20_000) => page.waitForFunction((word) => document.getElementById("line-state")?.textContent.includes(word), word, { timeout });
