// The whole promise against the real binary: every event once and in order, whatever happens to the link, the hub and
// the token.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import WebSocket from "ws";

import { Api, MemoryStore, connect } from "../dist/index.js";
import { until } from "./suite/check.mjs";
import { FileStore } from "../dist/file-store.js";
import { socketOf } from "../dist/ws.js";
import { ADMIN_KEY, Road, Site } from "./support/hubs.mjs";

const EVENTS = process.env.TOLLBELL_SOAK ? 10_000 : 3_000;
const CUTS = 50;
const timing = { backoffMin: 20, backoffMax: 200 };

let site;
before(() => (site = new Site()));
after(() => site.end());

/** Two wallets, the first with money. */
async function wallets(url) {
  const admin = new Api({ url, token: ADMIN_KEY });
  const payer = await admin.post("login", { privatekey: "the payer of the tests" });
  const payee = await admin.post("login", { privatekey: "the payee of the tests" });
  await admin.post("admin/mint", { address: payer.address, amount: 1_000_000 });
  return { admin, payer, payee };
}

/** The numbers of a topic's events, as the log has them. */
async function logged(admin, topic, { epoch, seq }) {
  const numbers = [];
  for (let since = seq; ; ) {
    const page = await admin.get("events", { topics: topic, since, epoch, limit: 1000 });
    numbers.push(...page.events.map((event) => event.seq));
    if (page.next >= page.head) return numbers;
    since = page.next;
  }
}

test("every event comes once, in order, through cuts, a drain, kills and the end of a token", { timeout: 300_000 }, async (t) => {
  const flags = ["--drain-seconds", "2", "--dev"];
  let hub = await site.hub({ flags });
  const { payer, payee } = await wallets(hub.url);
  const road = await Road.to(hub.port);
  const admin = new Api({ url: road.url, token: ADMIN_KEY });

  let logins = 0;
  const login = async () => {
    logins += 1;
    return (await new Api({ url: road.url }).post("login", { privatekey: "the payer of the tests" })).token;
  };
  const listener = connect({ url: road.url, topics: ["payments"], token: login, WebSocket: socketOf(WebSocket), timing, store: new MemoryStore() });
  const states = [];
  const gaps = [];
  listener.on("status", ({ state }) => states.push(state));
  listener.on("gap", (gap) => gaps.push(gap));
  await listener.ready();
  const from = listener.position;
  const seen = [];
  const reading = (async () => {
    for await (const event of listener.events("payment.made")) seen.push(event.seq);
  })();

  let made = 0;
  let stop = false;
  const pay = async () => {
    while (made < EVENTS && !stop) {
      made += 1;
      const number = made;
      const order = { to: payee.address, amount: 1, request_id: `payment-${number}` };
      // An unknown outcome is asked again: the ledger knows the request.
      for (let done = false; !done; ) {
        const api = new Api({ url: road.url, token: payer.token });
        try {
          await api.post("payments", order, { key: `payment-${number}` });
          done = true;
        } catch (error) {
          if (error.status === 401) payer.token = await login().catch(() => payer.token);
          else if (error.status !== 0 && error.status < 500) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    }
  };
  const payers = Array.from({ length: 16 }, pay);

  let cuts = 0;
  const troubles = (async () => {
    const share = (part) => until(() => made >= EVENTS * part, 200_000);
    const cutSome = async (count) => {
      for (let n = 0; n < count; n += 1) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
        await until(() => listener.status.state === "live" || made >= EVENTS, 60_000);
        road.cut();
        cuts += 1;
      }
    };
    await cutSome(20);
    await share(0.3);
    // A drain: the next hub is there, and new connections go to it.
    const next = await site.hub({ flags });
    const old = hub;
    hub = next;
    road.target = next.port;
    await old.stop();
    await cutSome(15);
    await share(0.5);
    for (let n = 0; n < 2; n += 1) {
      await hub.kill();
      hub = await site.hub({ port: hub.port, flags });
      await cutSome(5);
    }
    await share(0.8);
    await cutSome(5);
    // The token ends: a year passes in a moment.
    const before = logins;
    const { expires } = await new Api({ url: road.url, token: payer.token }).get("session");
    const left = Math.ceil((Date.parse(expires) - Date.now()) / 1000);
    await admin.post("admin/clock", { advance_s: left + 60 });
    await until(() => logins > before, 60_000);
  })();
  await Promise.all([...payers, troubles]).finally(() => (stop = true));
  const expected = await logged(admin, "payments", from);
  await until(() => seen.length >= expected.length, 60_000);
  await listener.close();
  await reading;
  road.end();

  assert.equal(expected.length, EVENTS);
  assert.deepEqual(seen, expected);
  assert.deepEqual(gaps, []);
  assert.equal(cuts, CUTS);
  assert.ok(states.includes("draining"), states.join(" "));
  t.diagnostic(`${seen.length} events, ${cuts} cuts, ${logins} logins, ${states.filter((s) => s === "live").length} times live`);
});

test("the first example of the README runs as it stands", { timeout: 60_000 }, async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const example = /```js\n([^]*?)```/.exec(readme)[1];
  const hub = await site.hub({ flags: ["--drain-seconds", "0"] });
  const { payer, payee } = await wallets(hub.url);
  // What a reader has: the address of their hub, the package, and a runtime with WebSocket.
  const file = new URL("../node_modules/example.mjs", import.meta.url);
  const given = example
    .replace("http://127.0.0.1:8080", hub.url)
    .replace('from "tollbell"', 'from "../dist/index.js"');
  writeFileSync(file, `import WebSocket from "ws";\nglobalThis.WebSocket ??= WebSocket;\n${given}`);
  const child = spawn(process.execPath, [file.pathname], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    let out = "";
    child.stdout.on("data", (text) => (out += text));
    const api = new Api({ url: hub.url, token: payer.token });
    // The example begins with what happens next, so the payment is made until it was heard.
    await until(async () => {
      await api.post("payments", { to: payee.address, amount: "1.25" });
      await new Promise((resolve) => setTimeout(resolve, 100));
      return out.includes(`${payer.address} paid ${payee.address} 1.25\n`);
    }, 30_000);
  } finally {
    child.kill();
    rmSync(file);
    await hub.stop();
  }
});

test("a file keeps the position from one process to the next", { timeout: 60_000 }, async () => {
  const hub = await site.hub({ flags: ["--drain-seconds", "0"] });
  const { payer, payee } = await wallets(hub.url);
  const api = new Api({ url: hub.url, token: payer.token });
  const path = `${site.dir}/position`;
  const seen = [];
  for (let round = 0; round < 3; round += 1) {
    if (round > 0) await api.post("payments", { to: payee.address, amount: round });
    const listener = connect({ url: hub.url, topics: ["payments"], WebSocket: socketOf(WebSocket), timing, store: new FileStore(path) });
    listener.on("payment.made", ({ data }) => seen.push(data.amount));
    await listener.ready();
    await listener.close();
  }
  await hub.stop();
  assert.deepEqual(seen, [1, 2]);
});

test("a snapshot and the events behind it add up", { timeout: 60_000 }, async () => {
  const hub = await site.hub({ flags: ["--drain-seconds", "0"] });
  const { payer, payee } = await wallets(hub.url);
  const api = new Api({ url: hub.url, token: payer.token });
  const listener = connect({ url: hub.url, topics: [`wallet:${payee.address}`], snapshot: true, WebSocket: socketOf(WebSocket), timing });
  let balance;
  let version;
  listener.on("snapshot", ({ data }) => ({ balance, version } = data));
  listener.on("payment.made", ({ data }) => {
    assert.equal(data.to_version, version + 1);
    balance += data.amount;
    version = data.to_version;
  });
  await listener.ready();
  for (let n = 0; n < 5; n += 1) await api.post("payments", { to: payee.address, amount: 2 });
  const wallet = await api.get(`wallets/${payee.address}`);
  await until(() => version === wallet.version);
  assert.equal(balance, wallet.balance);
  await listener.close();
  await hub.stop();
});
