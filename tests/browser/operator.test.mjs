// Operator: what needs attention shows by itself, and what an operator does elsewhere as well.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { Api } from "../../clients/typescript/dist/index.js";
import { ADMIN_KEY, Site } from "../../clients/typescript/test/support/hubs.mjs";
import { accessible, browser, clean, line, picture } from "./support.mjs";

const USER = "80351110224678912";
const BASE = "/api/subscriptions";
const SECRET = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

let site;
let hub;
let chrome;
let admin;
let page;

before(async () => {
  site = new Site();
  hub = await site.hub({ flags: ["--dev", "--polar-webhook-secret", `whsec_${SECRET}`, "--drain-seconds", "0"] });
  admin = new Api({ url: hub.url, token: ADMIN_KEY });
  await admin.request("PUT", `users/${USER}`, { body: { username: "ada", display_name: "Ada" } });
  chrome = await browser();
  page = await chrome.page(`${hub.url}/app/#/operator`);
  await page.getByLabel("Key", { exact: true }).fill(ADMIN_KEY);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Connections" }).waitFor();
  await line(page, "Live");
});

after(async () => {
  await chrome?.end();
  await site?.end();
});

/** A part of the view by its heading. */
const part = (name) => page.getByRole("region", { name, exact: true });
const audit = (text) => part("What operators did").getByRole("listitem").filter({ hasText: text }).first();

/** Sends a subscription's event as Polar would. */
async function deliver(id, more) {
  const data = {
    id: `sub-${id}`, created_at: "2026-11-01T12:00:00Z", modified_at: "2026-11-01T12:00:02Z", amount: 500, currency: "usd",
    recurring_interval: "month", recurring_interval_count: 1, status: "active", current_period_start: "2026-11-01T12:00:00Z",
    current_period_end: "2099-12-01T12:00:00Z", cancel_at_period_end: false, started_at: "2026-11-01T12:00:00Z",
    canceled_at: null, ends_at: null, ended_at: null, past_due_at: null, customer_id: `cus-${USER}`, metadata: { discord_user_id: USER },
    customer: { id: `cus-${USER}`, external_id: USER }, prices: [], meters: [], product: null, ...more,
  };
  const body = JSON.stringify({ type: "subscription.active", timestamp: "2026-11-01T12:00:03Z", data });
  const at = Math.floor(Date.now() / 1000);
  const signature = createHmac("sha256", Buffer.from(SECRET, "base64")).update(`${id}.${at}.${body}`).digest("base64");
  const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
  const answer = await fetch(`${hub.url}/subscriptions/polar/webhook/`, { method: "POST", headers, body });
  assert.equal(answer.status, 200, await answer.text());
}

test("a webhook that waits shows by itself, is replayed, and goes when it is settled", async () => {
  const panel = part("Webhooks that need attention");
  await panel.getByText("None: everything that came was applied.").waitFor();
  await deliver("one", { product_id: "unheard-of" });
  await deliver("two", { product_id: "never-heard-of" });
  const rows = panel.locator("tbody tr");
  await rows.nth(1).waitFor();
  assert.equal(await rows.filter({ hasText: "plan unknown" }).filter({ hasText: "deferred" }).count(), 2);
  await accessible(page, "operator, with webhooks");
  // In vain: it still has no plan, and stays.
  await rows.first().getByRole("button", { name: "Replay" }).click();
  await page.getByText("✓ subscription.active is deferred").waitFor();
  await audit("webhook: replay").waitFor();
  assert.equal(await rows.count(), 2);
  // The operator maps the product elsewhere, and its event is applied.
  await admin.request("PUT", `${BASE}/plans/host/`, { body: { products: [{ provider: "polar", product_id: "never-heard-of" }] } });
  await page.waitForFunction(() => document.querySelectorAll("[aria-label='Webhooks'] tbody tr").length === 1);
  await part("What needs attention").getByText("subscription.active is processed by now").first().waitFor();
  await admin.request("PUT", `${BASE}/plans/supporter/`, { body: { products: [{ provider: "polar", product_id: "unheard-of" }] } });
  await panel.getByText("None: everything that came was applied.").waitFor();
  await clean(page);
});

test("a plan that is changed elsewhere shows, and a comp is given, listed and ended", async () => {
  const plans = part("Plans");
  await plans.locator("tbody tr", { hasText: "360 min" }).waitFor();
  await admin.request("PUT", `${BASE}/plans/supporter/`, { body: { name: "Patron", monthly_price_usd: 7, is_active: false } });
  const patron = plans.locator("tbody tr", { hasText: "Patron" });
  await patron.getByText("$7.00").waitFor();
  await patron.getByText("not for sale").waitFor();
  const comps = part("Comps");
  await comps.getByText("Nobody was given a plan.").waitFor();
  await comps.getByText("Give somebody a plan").first().click();
  const form = page.getByRole("form", { name: "Give somebody a plan" });
  await form.getByLabel("Discord id").fill(USER);
  await form.getByLabel("Plan").selectOption("host");
  await form.getByLabel("Why").fill("for the festival");
  await form.getByRole("button", { name: "Give" }).click();
  const row = comps.locator("tbody tr", { hasText: "for the festival" });
  await row.getByText("until").waitFor();
  await row.getByText("key:").waitFor();
  // One that is given elsewhere shows as well.
  await admin.post(`${BASE}/users/${USER}/comps/`, { tier: "supporter", months: 2, note: "for the tests" });
  await comps.locator("tbody tr", { hasText: "for the tests" }).waitFor();
  await accessible(page, "operator, with comps");
  await row.getByRole("button", { name: "End" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End" }).click();
  await row.getByText("ended").waitFor();
  assert.equal(await row.getByRole("button", { name: "End" }).isVisible(), false);
  await audit("comp: give").waitFor();
  await audit("entitlement: end").waitFor();
  await clean(page);
});

test("what an operator did before and does elsewhere is in the audit, and logins show without a reload", async () => {
  const { address } = await admin.post("login", { privatekey: "the private key of ada" });
  await part("Sessions").locator("tbody tr", { hasText: address }).waitFor();
  await admin.post("admin/mint", { address, amount: 12.5 });
  await audit(`money: mint ${address} (amount 12.5)`).waitFor();
  await admin.delete(`admin/sessions?address=${address}`);
  await audit("sessions: revoke").waitFor();
  await part("Sessions").getByText("No session is open.").waitFor();
  await admin.post("admin/clock", { advance_s: 5 });
  await part("What needs attention").getByText("the test clock is 5 s ahead").waitFor();
  await picture(page, "operator-audit");
  await page.reload();
  await part("What needs attention").getByText("the test clock is 5 s ahead").waitFor();
  await audit(`money: mint ${address}`).waitFor();
  await audit("user: link").waitFor();
  await accessible(page, "operator, with an audit");
  await clean(page);
});

test("nothing is asked by a clock while nothing happens, but the connections once a second", async () => {
  const asked = [];
  const hear = (request) => asked.push(new URL(request.url()).pathname);
  // The first hint of a node behind a reload has the sessions read once more.
  await page.waitForRequest((request) => request.url().endsWith("/api/v1/admin/connections"));
  page.on("request", hear);
  await page.waitForTimeout(4000);
  page.off("request", hear);
  const others = asked.filter((path) => path !== "/api/v1/admin/connections");
  assert.deepEqual(others, []);
  assert.ok(asked.length >= 1 && asked.length <= 6, `${asked.length} requests in four seconds`);
});
