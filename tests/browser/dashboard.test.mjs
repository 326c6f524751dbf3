// The dashboard as people use it, in a real browser on a real hub.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Api } from "../../clients/typescript/dist/index.js";
import { ADMIN_KEY, Road, Site } from "../../clients/typescript/test/support/hubs.mjs";
import { accessible, browser, clean, line, picture } from "./support.mjs";

const KEYS = { ada: "the private key of ada", ben: "the private key of ben" };
/** What a browser says by itself when a connection is refused. */
const OUTAGE = /WebSocket connection|ERR_CONNECTION|Failed to load resource|ERR_EMPTY_RESPONSE/;

let site;
let hub;
let chrome;
let other;
const people = {};

before(async () => {
  site = new Site();
  hub = await site.hub({ flags: ["--demo", "--dev", "--drain-seconds", "3"] });
  const admin = new Api({ url: hub.url, token: ADMIN_KEY });
  for (const [name, privatekey] of Object.entries(KEYS)) {
    people[name] = await admin.post("login", { privatekey });
    await admin.post("admin/mint", { address: people[name].address, amount: 500 });
  }
  people.admin = admin;
  [chrome, other] = await Promise.all([browser(), browser()]);
});

after(async () => {
  await Promise.all([chrome?.end(), other?.end()]);
  await site?.end();
});

const go = (page, hash) => page.evaluate((hash) => void (location.hash = hash), hash);

async function logIn(page, name) {
  await go(page, "#/wallet");
  await page.getByLabel("Private key").fill(KEYS[name]);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Your wallet" }).waitFor();
  await page.locator("#balance").waitFor();
}

const balance = async (page) => Number((await page.locator("#balance").textContent()).replaceAll(",", ""));

test("a first visitor sees life within five seconds", async (t) => {
  const page = await chrome.page(hub.url, { open: false });
  const begun = Date.now();
  await page.goto(hub.url);
  assert.equal(new URL(page.url()).pathname, "/app/");
  await page.waitForFunction(() => /\d/.test(document.querySelector("#counts dd strong")?.textContent ?? ""), undefined, { timeout: 5000 });
  await page.locator(".feed li").first().waitFor({ timeout: 5000 });
  const took = Date.now() - begun;
  t.diagnostic(`life after ${took} ms`);
  assert.ok(took < 5000, `${took} ms`);
  await line(page, "Live");
  await page.locator(".feed li").nth(3).waitFor({ timeout: 20_000 });
  await accessible(page, "status");
  await picture(page, "status");
  await clean(page);
  await page.close();
});

test("Pulse shows what happens, filters it and holds it", async () => {
  const page = await chrome.page(`${hub.url}/app/#/pulse`);
  await page.locator(".feed li").nth(2).waitFor({ timeout: 20_000 });
  const api = new Api({ url: hub.url, token: people.ada.token });
  await page.getByLabel("Filter").fill("a needle");
  await page.waitForFunction(() => document.querySelectorAll(".feed li").length === 0);
  await api.post("payments", { to: people.ben.address, amount: 1, metadata: "message=a needle in it" });
  await page.getByText("a needle in it").waitFor();
  assert.equal(await page.locator(".feed li").count(), 1);
  await page.getByLabel("Filter").fill("");
  await page.getByRole("button", { name: "Pause" }).click();
  const held = await page.locator(".feed li").first().textContent();
  await api.post("payments", { to: people.ben.address, amount: 1, metadata: "message=after the pause" });
  await page.getByRole("button", { name: /Go on, \d+ new/ }).waitFor();
  assert.equal(await page.locator(".feed li").first().textContent(), held);
  await page.getByRole("button", { name: /Go on/ }).click();
  await page.getByText("after the pause").waitFor();
  await page.waitForTimeout(6000);
  await accessible(page, "pulse");
  await picture(page, "pulse");
  await clean(page);
  await page.close();
});

test("two browsers see each other's payments, and what one wallet does the other sees at once", async () => {
  const [one, two] = [await chrome.page(`${hub.url}/app/`), await other.page(`${hub.url}/app/`)];
  await accessible(one, "status");
  await go(one, "#/wallet");
  await one.getByLabel("Private key").waitFor();
  await accessible(one, "wallet, logged out");
  await logIn(one, "ada");
  await logIn(two, "ben");
  await one.waitForFunction(() => /\d/.test(document.getElementById("balance").textContent));
  await two.waitForFunction(() => /\d/.test(document.getElementById("balance").textContent));
  const before = [await balance(one), await balance(two)];
  await one.getByLabel("To", { exact: true }).fill(people.ben.address);
  await one.getByLabel("Amount").fill("12.50");
  await one.getByLabel("Message").fill("for the bread");
  await one.getByRole("button", { name: "Pay", exact: true }).click();
  await two.getByText("for the bread").waitFor();
  await two.waitForFunction((sum) => Number(document.getElementById("balance").textContent.replaceAll(",", "")) === sum, before[1] + 12.5);
  await one.waitForFunction((sum) => Number(document.getElementById("balance").textContent.replaceAll(",", "")) === sum, before[0] - 12.5);
  // What is refused is said beside the button, and what was typed stays.
  await two.getByLabel("To", { exact: true }).fill(people.ada.address);
  await two.getByLabel("Amount").fill("99999");
  await two.getByRole("button", { name: "Pay", exact: true }).click();
  await two.getByText("not enough money").waitFor();
  assert.equal(await two.getByLabel("Amount").inputValue(), "99999");
  two.faults = two.faults.filter((fault) => !/status of 409|status of 4\d\d/.test(fault));
  // The private key is nowhere on the page and in no storage.
  const kept = await one.evaluate(() => document.documentElement.outerHTML + JSON.stringify(sessionStorage) + JSON.stringify(localStorage));
  assert.ok(!kept.includes(KEYS.ada));
  await accessible(one, "wallet");
  await clean(one);
  await clean(two);
  await Promise.all([one.close(), two.close()]);
});

test("a contract is offered, found, subscribed to, changed and canceled, each seen by the other", async () => {
  const [owner, shopper] = [await chrome.page(`${hub.url}/app/`), await other.page(`${hub.url}/app/#/contracts`)];
  if (await owner.evaluate(() => !JSON.parse(sessionStorage["tollbell.credentials"] ?? "{}").wallet)) await logIn(owner, "ada");
  await logIn(shopper, "ben");
  await go(shopper, "#/contracts");
  await shopper.getByRole("heading", { name: "Contracts" }).waitFor();
  const title = `News each morning, ${Date.now() % 100_000}`;
  await go(owner, "#/contracts/new");
  await owner.getByLabel("Title").fill(title);
  await owner.getByLabel("Description").fill("At the door before breakfast.");
  await owner.getByLabel("Price").fill("2.50");
  await owner.getByLabel("Every").fill("1");
  await owner.getByLabel("Unit").selectOption("days");
  await accessible(owner, "offer a contract");
  await owner.getByRole("button", { name: "Offer it" }).click();
  await owner.getByRole("heading", { name: title }).waitFor();
  // It appears in the other's list by itself.
  await shopper.getByRole("link", { name: title }).click();
  await shopper.getByRole("button", { name: "Subscribe for 2.50" }).click();
  await shopper.getByRole("dialog").getByRole("button", { name: "Subscribe for 2.50" }).click();
  await shopper.getByText("You subscribe to this.").waitFor();
  await owner.locator("tbody tr", { hasText: people.ben.address }).waitFor();
  await accessible(owner, "contract of one's own");
  await picture(owner, "contract");
  // The owner closes it; the shopper sees that.
  await owner.getByRole("button", { name: "Close to new subscribers" }).click();
  await shopper.getByText("closed to new").waitFor();
  // The shopper's wallet shows the next payment, and lets it end.
  await go(shopper, "#/wallet");
  await shopper.getByText(/2\.50 every day, next payment in/).waitFor();
  await picture(shopper, "wallet");
  await shopper.getByRole("button", { name: "Cancel" }).first().click();
  await shopper.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await shopper.getByText("ends with the term").waitFor();
  await owner.getByText("ends with the term").waitFor();
  await owner.getByRole("button", { name: "Cancel the contract" }).click();
  await owner.getByRole("dialog").getByRole("button", { name: "Cancel the contract" }).click();
  await owner.getByText("canceled", { exact: false }).first().waitFor();
  await shopper.getByText(/ended .*contract/).first().waitFor();
  await go(owner, "#/contracts");
  await owner.getByRole("heading", { name: "Offers" }).waitFor();
  for (const [title, price] of [["A stall at the market", "20"], ["Bread, every week", "3.75"]]) {
    await new Api({ url: hub.url, token: people.ada.token }).post("contracts", { title, price, period_seconds: 604_800, description: "Paid at the start of each term." });
  }
  await owner.getByRole("link", { name: "Bread, every week" }).waitFor();
  await accessible(owner, "contracts");
  await picture(owner, "contracts");
  await clean(owner);
  await clean(shopper);
  await Promise.all([owner.close(), shopper.close()]);
});

test("the operator sees connections and sessions, and ends one", async () => {
  const page = await chrome.page(`${hub.url}/app/#/operator`);
  await page.getByLabel("Key", { exact: true }).waitFor();
  await accessible(page, "operator, logged out");
  await page.getByLabel("Key", { exact: true }).fill(ADMIN_KEY);
  await page.getByRole("button", { name: "Log in" }).click();
  const guest = await other.page(`${hub.url}/app/#/pulse`, { quiet: OUTAGE });
  await line(guest, "Live");
  const row = page.locator("tbody tr", { hasText: "payments" }).first();
  await row.waitFor({ timeout: 15_000 });
  await page.locator("tbody tr", { hasText: people.ada.address }).first().waitFor();
  await accessible(page, "operator");
  await picture(page, "operator");
  await row.getByRole("button", { name: "Kick" }).click();
  await line(guest, "Offline");
  await line(guest, "Live", 30_000);
  await clean(page);
  await Promise.all([page.close(), guest.close()]);
});

test("every place can be reached with the keyboard", async () => {
  const page = await chrome.page(`${hub.url}/app/#/membership`);
  await line(page, "Live");
  await page.locator("#main h1").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  for (const name of ["Status", "Pulse", "Wallet", "Contracts", "Operator", "Membership"]) {
    for (let presses = 0; ; presses += 1) {
      assert.ok(presses < 60, `${name} is out of reach`);
      await page.keyboard.press("Tab");
      if ((await page.evaluate(() => `${document.activeElement.tagName} ${document.activeElement.textContent}`)) === `A ${name}`) break;
    }
    await page.keyboard.press("Enter");
    await page.locator("#main h1").waitFor();
    await page.waitForFunction((view) => document.getElementById("main").dataset.view === view, name.toLowerCase());
    assert.equal(await page.evaluate(() => document.activeElement.id), "main", "the focus is on what was opened");
    await page.evaluate(() => document.querySelector(".skip").focus());
  }
  await page.close();
});

test("the documents are readable, and complete", async () => {
  const page = await chrome.page(`${hub.url}/docs/events`);
  await page.getByRole("heading", { name: "payment.made" }).waitFor();
  await accessible(page, "events");
  await picture(page, "events");
  await clean(page);
  await page.goto(`${hub.url}/docs`);
  await page.getByText("/api/v1/payments").first().waitFor();
  await page.close();
});

test("an open page outlives its hub, its network and a deploy, and misses nothing", { timeout: 180_000 }, async () => {
  const road = await Road.to(hub.port);
  const page = await chrome.page(`${road.url}/app/#/pulse`, { quiet: OUTAGE });
  await line(page, "Live");
  await page.getByLabel("Filter").fill("numbered");
  let made = 0;
  const pay = async () => {
    made += 1;
    await new Api({ url: hub.url, token: people.ada.token }).post("payments", { to: people.ben.address, amount: "0.01", metadata: `message=numbered ${made}` });
  };
  const all = () => page.waitForFunction((made) => document.querySelectorAll(".feed li").length === made, made, { timeout: 30_000 });
  await pay();
  await all();
  // The network is cut, and comes back.
  road.block();
  await line(page, "Offline");
  await pay();
  await pay();
  await page.screenshot({ path: `${(await import("./support.mjs")).SHOTS}/offline-desktop.png` });
  await accessible(page, "offline");
  road.mend();
  await line(page, "Live", 40_000);
  await all();
  // The hub is killed, and started again where it was.
  await hub.kill();
  await line(page, "Offline");
  hub = await site.hub({ port: hub.port, flags: ["--dev", "--drain-seconds", "3"] });
  await pay();
  await line(page, "Live", 40_000);
  await all();
  // A deploy: the next hub is there before the old one goes.
  const next = await site.hub({ flags: ["--dev", "--drain-seconds", "3"] });
  road.target = next.port;
  await page.evaluate(() => {
    globalThis.words = [];
    const look = () => words.push(document.getElementById("line-state").textContent);
    new MutationObserver(look).observe(document.getElementById("line-state"), { subtree: true, childList: true, characterData: true });
  });
  const old = hub;
  hub = next;
  const stopped = old.stop();
  await pay();
  await stopped;
  await pay();
  await all();
  const words = await page.evaluate(() => globalThis.words);
  assert.ok(!words.some((word) => word.includes("Offline")), `a deploy is noticed as ${words}`);
  assert.equal(new Set(await page.locator(".feed .what").allTextContents()).size, made);
  await clean(page);
  await page.close();
  road.end();
});

