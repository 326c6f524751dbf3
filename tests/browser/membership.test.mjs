// Membership: a member's plan, minutes and servers in a real browser on a real hub.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Api } from "../../clients/typescript/dist/index.js";
import { ADMIN_KEY, Site } from "../../clients/typescript/test/support/hubs.mjs";
import { accessible, browser, clean, line, picture } from "./support.mjs";

const USER = "80351110224678912";
const BASE = "/api/subscriptions";

let site;
let hub;
let chrome;
let admin;

before(async () => {
  site = new Site();
  hub = await site.hub({ flags: ["--demo", "--drain-seconds", "0"] });
  admin = new Api({ url: hub.url, token: ADMIN_KEY });
  chrome = await browser();
});

after(async () => {
  await chrome?.end();
  await site?.end();
});

test("a member signs in, sees the plan and its minutes, and every change of them at once", async () => {
  await admin.request("PUT", `users/${USER}`, { body: { username: "ada", display_name: "Ada" } });
  const { token } = await admin.post(`users/${USER}/tokens`);
  const page = await chrome.page(`${hub.url}/app/#/membership`);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await line(page, "Live");
  await accessible(page, "membership, signed out");
  await page.getByRole("textbox", { name: "Token" }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("You have no plan at the moment.").waitFor();
  await page.getByText("You have no plan that includes servers. Choose one below.").waitFor();
  // The operator gives a plan; the page has it by itself.
  await admin.post(`${BASE}/users/${USER}/comps/`, { tier: "supporter", months: 1, note: "for the tests" });
  await page.locator("#minutes", { hasText: "left of 360" }).waitFor();
  await admin.post(`${BASE}/users/${USER}/adjustments/`, { minutes: 60, reason: "for the tests", entry_key: "one" });
  await page.locator("#minutes", { hasText: "60 used" }).waitFor();
  await accessible(page, "membership");
  await picture(page, "membership");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await clean(page);
  await page.close();
});

test("a server is launched, seen by everybody, and stopped; only what it ran is charged", { timeout: 120_000 }, async () => {
  const { token } = await admin.post(`users/${USER}/tokens`);
  const page = await chrome.page(`${hub.url}/app/#/membership`);
  const visitor = await chrome.page(`${hub.url}/app/#/status`);
  await page.getByRole("textbox", { name: "Token" }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  const form = page.getByRole("form", { name: "Launch a server" });
  await form.getByLabel("Minutes").fill("30");
  await form.getByLabel("Name").fill("Ada's evening");
  await form.getByRole("button", { name: "Launch" }).click();
  const card = page.locator(".card", { hasText: "Ada's evening" });
  await card.getByText("running").waitFor({ timeout: 60_000 });
  // Others play as well; this one is known by its address.
  const address = await card.getByTitle("Copy the address").textContent();
  await visitor.locator(".card", { hasText: address }).getByText("running").first().waitFor();
  await page.getByText("Your plan runs one server at a time, and one is open.").waitFor();
  await card.getByRole("button", { name: "Show" }).click();
  assert.ok(!(await visitor.content()).includes(await card.locator(".secret .copy").textContent()), "the password is nobody else's");
  await accessible(page, "membership with a server");
  await picture(page, "server");
  await card.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
  await page.locator("tbody tr", { hasText: "Ada's evening" }).getByText("5 min").waitFor({ timeout: 60_000 });
  await clean(page);
  await clean(visitor);
  await Promise.all([page.close(), visitor.close()]);
});

test("what can't be read is said, and read again when it can", async () => {
  const { token } = await admin.post(`users/${USER}/tokens`);
  const page = await chrome.page(`${hub.url}/app/#/membership`, { quiet: /status of 500/ });
  const fails = (route) => route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ success: false, code: "INTERNAL", message: "something failed" }) });
  await page.route("**/api/subscriptions/usage/**", fails);
  await page.getByRole("textbox", { name: "Token" }).fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  const notice = page.getByText("Some of this could not be read: something failed");
  await notice.waitFor({ timeout: 60_000 });
  await accessible(page, "membership, with a notice");
  await page.unroute("**/api/subscriptions/usage/**", fails);
  await notice.waitFor({ state: "detached", timeout: 60_000 });
  await clean(page);
  await page.close();
});
