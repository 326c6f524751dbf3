// The driver of this client for clients/conformance, whose README says what it prints.

import { createInterface } from "node:readline";

import WebSocket from "ws";

import { Api, connect } from "../dist/index.js";
import { socketOf } from "../dist/ws.js";

const [url, text] = process.argv.slice(2);
const options = JSON.parse(text);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const names = { backoff_min: "backoffMin", backoff_max: "backoffMax", stable_after: "stableAfter" };
Object.assign(names, { open_within: "openWithin", ping_grace: "pingGrace" });
const timing = Object.fromEntries(Object.entries(options.timing_ms ?? {}).map(([name, ms]) => [names[name], ms]));

const store = {
  load: () => options.store ?? undefined,
  save: (position) => print({ saved: position }),
};

function source() {
  if (options.privatekey !== undefined) {
    return async () => (await new Api({ url }).post("login", { privatekey: options.privatekey })).token;
  }
  if (!options.tokens) return undefined;
  const left = [...options.tokens];
  return () => {
    const token = left.length > 1 ? left.shift() : left[0];
    if (token === null) throw new Error("there is no token");
    return token;
  };
}

const hub = connect({
  url,
  topics: options.topics ?? ["payments"],
  kinds: options.kinds,
  since: options.since ?? undefined,
  snapshot: options.snapshot,
  token: source(),
  ...("store" in options ? { store } : {}),
  timing,
  WebSocket: socketOf(WebSocket),
});

let closing = false;
let caughtUp = true;
hub.on("*", ({ seq, kind, data }) => print({ event: seq, kind, data }));
hub.on("snapshot", ({ topic, seq, part, last }) => print({ snapshot: topic, seq, part, last }));
hub.on("hint", ({ kind }) => print({ hint: kind }));
hub.on("gap", ({ reason, held, oldest }) => print({ gap: reason, held, oldest }));
hub.on("revoked", ({ topics, code }) => print({ revoked: topics, code }));
hub.on("status", (status) => {
  if (status.state === "resuming") {
    caughtUp = false;
    print({ status: "connected" });
  } else if (status.state === "draining") {
    // That its replacement is live ends the draining, and is no catching up of the application's.
    caughtUp = true;
  } else if (status.state === "live" && !caughtUp) {
    caughtUp = true;
    print({ live: hub.position.seq });
  } else if (status.state === "reconnecting") {
    print({ status: "reconnecting", in_ms: status.inMs });
  } else if (status.state === "stopped" && !closing) {
    const { stop } = status;
    print({ stopped: { closed: stop.code, rejected: stop.status, refused: stop.code }[stop.why] ?? stop.why });
  }
});

createInterface({ input: process.stdin }).on("line", async (line) => {
  if (JSON.parse(line).do !== "close") return;
  closing = true;
  await hub.close();
  print({ closed: true });
});
