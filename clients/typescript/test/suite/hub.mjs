// The hub object over sockets that the test plays: handlers, loops, stores, credentials, ends.

import { MemoryStore, WebStore, connect } from "../../dist/index.js";
import { equal, ok, rejects, until } from "./check.mjs";
import { fakeFetch, fakeSockets } from "./fake.mjs";

const timing = { backoffMin: 1, backoffMax: 2 };

/** A hub, and its sockets as they are opened. */
async function stand(options = {}) {
  const { sockets, WebSocket } = fakeSockets();
  const hub = connect({ url: "https://hub.example/", topics: ["t"], WebSocket, timing, ...options });
  const socket = (index) => until(() => sockets[index]);
  return { hub, sockets, socket, first: options.lazy ? undefined : await socket(0) };
}

async function take(iterator, count) {
  const taken = [];
  while (taken.length < count) taken.push((await iterator.next()).value);
  return taken;
}

export const tests = {
  async "handlers hear a kind, a family or everything, until they are taken back"() {
    const { hub, first } = await stand();
    const heard = [];
    hub.on("payment.made", (event) => heard.push(`made ${event.data.n}`));
    const off = hub.on("payment.*", (event) => heard.push(`family ${event.seq}`));
    hub.on("*", (event) => heard.push(`any ${event.kind}`));
    first.greet();
    first.event(51);
    off();
    first.event(52, "wallet.created");
    first.event(53);
    equal(heard, ["made 51", "family 51", "any payment.made", "any wallet.created", "made 53", "any payment.made"]);
    await hub.close();
  },

  async "ready says when everything up to now was delivered"() {
    const { hub, first } = await stand();
    const ready = hub.ready();
    first.greet();
    await ready;
    equal(hub.status.state, "live");
    equal(hub.position, { epoch: "e7", seq: 50 });
    await hub.close();
    const error = await rejects(hub.ready());
    equal(error.stop.why, "closed");
  },

  async "a loop gets every event once across lost links, and ends with the hub"() {
    const { hub, first, socket } = await stand();
    const events = hub.events();
    first.greet();
    first.event(51);
    first.event(52);
    first.lose();
    const second = await socket(1);
    second.greet();
    equal(second.sent[0].since, 52);
    for (const seq of [52, 53]) second.event(seq);
    equal((await take(events, 3)).map(({ seq }) => seq), [51, 52, 53]);
    const end = events.next();
    await hub.close();
    equal(await end, { done: true });
    equal([second.closed, (await hub.events().next()).done], [1000, true]);
  },

  async "a handler that throws costs the others nothing"() {
    const errors = [];
    const { hub, first } = await stand({ onError: (error) => errors.push(error.message) });
    const heard = [];
    hub.on("payment.made", () => {
      throw new Error("mine");
    });
    hub.on("payment.made", ({ seq }) => heard.push(seq));
    first.greet();
    first.event(51);
    first.event(52);
    equal(heard, [51, 52]);
    equal(errors, ["mine", "mine"]);
    await hub.close();
  },

  async "a position is saved when what comes before it was taken"() {
    const store = new MemoryStore();
    const { hub, first } = await stand({ store });
    const events = hub.events();
    first.greet({ live: false });
    first.event(51);
    first.say({ type: "mark", seq: 60 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    equal(store.position, undefined);
    equal((await events.next()).value.seq, 51);
    equal(store.position, { epoch: "e7", seq: 50 });
    const next = events.next();
    await until(() => store.position.seq === 60);
    await hub.close();
    await next;
  },

  async "a loop that is left holds nothing back"() {
    const store = new MemoryStore();
    const { hub, first } = await stand({ store });
    const events = hub.events();
    first.greet();
    first.event(51);
    await events.return();
    first.say({ type: "mark", seq: 60 });
    await until(() => store.position?.seq === 60);
    await hub.close();
  },

  async "the store decides where to begin, then `since`"() {
    const store = new MemoryStore();
    store.save({ epoch: "e7", seq: 44 });
    const one = await stand({ store, since: 3 });
    one.first.greet();
    equal([one.first.sent[0].epoch, one.first.sent[0].since], ["e7", 44]);
    await one.hub.close();
    const other = await stand({ since: 3 });
    other.first.greet();
    equal([other.first.sent[0].epoch, other.first.sent[0].since], ["e7", 3]);
    await other.hub.close();
  },

  async "a store that can't be read stops everything, for starting elsewhere would be a gap"() {
    const storage = { getItem: () => "{}", setItem() {} };
    const { hub, sockets } = await stand({ store: new WebStore("p", storage), lazy: true });
    const error = await rejects(hub.ready());
    equal([error.stop.code, sockets.length], ["store", 0]);
  },

  async "a slow loop makes the link go, and loses nothing"() {
    const { hub, first, socket } = await stand();
    const events = hub.events();
    first.greet();
    for (let seq = 51; seq <= 10_050; seq += 1) first.event(seq);
    equal([hub.status.state, first.closed], ["paused", 1000]);
    first.event(10_051);
    equal((await take(events, 6_000)).at(-1).seq, 6_050);
    const second = await socket(1);
    second.greet();
    const { since } = second.sent[0];
    ok(since > 10_000 && since <= 10_050, since);
    for (let seq = since + 1; seq <= 10_051; seq += 1) second.event(seq);
    const rest = (await take(events, 4_001)).map(({ seq }) => seq);
    equal([rest[0], rest.at(-1), new Set(rest).size], [6_051, 10_051, 4_001]);
    await hub.close();
  },

  async "a token goes into the subprotocols, never into the address"() {
    const { hub, first } = await stand({ token: () => "tok+é" });
    equal(first.url, "wss://hub.example/api/v1/ws");
    equal(first.protocols, ["tollbell.v1.json", "bearer.dG9rK8Op"]);
    equal(hub.api.token, "tok+é");
    await hub.close();
  },

  async "a ticket opens one link"() {
    let number = 0;
    const { hub, first, socket } = await stand({ ticket: async () => `t ${(number += 1)}` });
    equal([first.url, first.protocols], ["wss://hub.example/api/v1/ws?ticket=t%201", ["tollbell.v1.json"]]);
    first.greet();
    first.lose();
    equal((await socket(1)).url, "wss://hub.example/api/v1/ws?ticket=t%202");
    await hub.close();
  },

  async "a socket that is refused asks whether it is the token"() {
    const { fetch, asked } = fakeFetch([401, { error: { code: "unauthorized", message: "" } }]);
    const tokens = ["old", "new"];
    const { hub, first, socket } = await stand({ token: () => tokens.shift(), fetch });
    first.lose();
    const second = await socket(1);
    equal(second.protocols[1], "bearer.bmV3");
    equal([asked.length, asked[0].headers.authorization], [1, "Bearer old"]);
    await hub.close();
  },

  async "a fixed token that is refused is the end"() {
    const { hub, first } = await stand({ token: "tok" });
    first.greet();
    first.lose(4401);
    const error = await rejects(hub.ready());
    equal(error.stop.why, "unauthorized");
  },

  async "topics can be added and removed while it runs"() {
    const { hub, first } = await stand({ topics: [] });
    first.greet();
    hub.add(["wallet:k1"], { snapshot: true });
    const states = [];
    hub.on("snapshot", ({ topic, data }) => states.push([topic, data]));
    const { id } = first.sent[0];
    equal(first.sent[0].topics, ["wallet:k1"]);
    first.say({ type: "subscribed", id, topics: ["wallet:k1"], mode: "snapshot", from: 51, head: 50 });
    first.say({ type: "snapshot", topic: "wallet:k1", seq: 50, part: 1, last: true, data: { balance: 1 } });
    first.say({ type: "live", id, seq: 50 });
    equal(states, [["wallet:k1", { balance: 1 }]]);
    hub.remove(["wallet:k1"]);
    equal(first.sent[1], { type: "unsubscribe", topics: ["wallet:k1"], id: id + 1 });
    await hub.close();
  },

  async "what a handler causes happens after it"() {
    const { hub, first } = await stand();
    const seen = [];
    hub.on("payment.made", ({ seq }) => {
      seen.push(seq);
      if (seq === 51) hub.add(["u"]);
      seen.push(first.sent.length);
    });
    first.greet();
    first.event(51);
    equal([seen, first.sent.length], [[51, 1], 2]);
    await hub.close();
  },

  async "close ends links, waits and requests, and nothing comes after it"() {
    const { fetch } = fakeFetch("hang");
    const { hub, first, sockets } = await stand({ fetch });
    const heard = [];
    hub.on("*", (event) => heard.push(event));
    const request = rejects(hub.api.get("supply"));
    first.greet();
    await hub.close();
    equal((await request).code, "unreachable");
    first.event(51);
    first.lose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    equal([heard.length, sockets.length, first.closed, hub.status.state], [0, 1, 1000, "stopped"]);
  },

  async "a runtime without sockets is told what to give"() {
    const had = Object.getOwnPropertyDescriptor(globalThis, "WebSocket");
    Object.defineProperty(globalThis, "WebSocket", { value: undefined, configurable: true, writable: true });
    try {
      const error = await rejects(connect({ url: "https://hub.example" }).ready());
      equal(error.stop.code, "no_websocket");
      ok(error.stop.message.includes("ws"));
    } finally {
      if (had) Object.defineProperty(globalThis, "WebSocket", had);
      else delete globalThis.WebSocket;
    }
  },
};
