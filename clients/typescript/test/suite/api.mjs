// Requests: keys, retries, envelopes, ends.

import { Api, ApiError } from "../../dist/index.js";
import { equal, ok, rejects } from "./check.mjs";
import { fakeFetch } from "./fake.mjs";

const api = (...answers) => {
  const { fetch, asked } = fakeFetch(...answers);
  return { api: new Api({ url: "https://hub.example", token: "tok", fetch }), asked };
};

export const tests = {
  "an answer is what its envelope holds"() {
    return Promise.all(
      [
        [{ data: { id: 1 } }, { id: 1 }],
        [{ data: [1], count: 1 }, [1]],
        [{ success: true, code: "ok", session: {} }, { success: true, code: "ok", session: {} }],
        ["", undefined],
      ].map(async ([body, expected]) => equal(await api([200, body]).api.get("x"), expected)),
    );
  },

  async "a refusal is an error with its code, whichever envelope it has"() {
    for (const body of [
      { error: { code: "insufficient_funds", message: "m", details: [1] } },
      { success: false, code: "insufficient_funds", message: "m", details: [1] },
    ]) {
      const error = await rejects(api([409, body]).api.post("payments", {}));
      ok(error instanceof ApiError);
      equal([error.status, error.code, error.message, error.details], [409, "insufficient_funds", "m", [1]]);
    }
    for (const body of ["<html>", "{}"]) {
      equal((await rejects(api([502, body]).api.get("x"))).code, "unexpected");
    }
  },

  async "a change is repeated under one key, and a read has none"() {
    const { api: client, asked } = api(new Error("cut"), [503, {}, { "retry-after": "0" }], [200, { data: 7 }]);
    equal(await client.post("payments", { to: "k", amount: 1 }), 7);
    const keys = asked.map(({ headers }) => headers["idempotency-key"]);
    equal(keys.length, 3);
    ok(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(keys[0]), keys[0]);
    equal(new Set(keys).size, 1);
    ok(asked.every(({ body }) => body === '{"to":"k","amount":1}'));
    const read = api([200, { data: 1 }]);
    await read.api.get("supply", { all: true, none: undefined });
    equal(read.asked[0].url, "https://hub.example/api/v1/supply?all=true");
    equal(read.asked[0].headers["idempotency-key"], undefined);
    equal(read.asked[0].headers.authorization, "Bearer tok");
    const own = api([200, {}]);
    await own.api.delete("/api/subscriptions/x/", { key: "mine" });
    equal([own.asked[0].url, own.asked[0].headers["idempotency-key"]], ["https://hub.example/api/subscriptions/x/", "mine"]);
  },

  async "what another attempt would not better is not tried again"() {
    for (const status of [400, 401, 403, 404, 409, 500, 504]) {
      const { api: client, asked } = api([status, { error: { code: "c", message: "" } }]);
      equal((await rejects(client.post("x"))).status, status);
      equal(asked.length, 1, status);
    }
    const { api: client, asked } = api([429, { error: { code: "rate_limited", message: "" } }, { "retry-after": "31" }]);
    equal((await rejects(client.get("x"))).code, "rate_limited");
    equal(asked.length, 1, "a server that asks for much patience is believed");
  },

  async "no answer is an error of its own, and a key lets the caller repeat"() {
    const { api: client, asked } = api();
    const error = await rejects(client.get("x"));
    equal([error.status, error.code, asked.length], [0, "unreachable", 4]);
  },

  async "requests end with their signal and with the client"() {
    const one = api("hang");
    const stop = new AbortController();
    const ended = rejects(one.api.get("x", undefined));
    const other = rejects(api("hang").api.request("GET", "x", { signal: stop.signal }));
    one.api.close();
    stop.abort();
    for (const error of await Promise.all([ended, other])) equal([error.status, error.code], [0, "unreachable"]);
    equal(one.asked.length, 1);
  },

  "an address is that of a hub, or none"() {
    for (const [url, base] of [
      ["https://hub.example", "https://hub.example/api/v1"],
      ["wss://hub.example/", "https://hub.example/api/v1"],
      ["http://127.0.0.1:8080/below/?x#y", "http://127.0.0.1:8080/below/api/v1"],
    ]) {
      equal(new Api({ url }).base, base);
    }
    for (const url of ["", "hub.example", "ftp://hub.example"]) {
      let failed = false;
      try {
        new Api({ url });
      } catch {
        failed = true;
      }
      ok(failed, url);
    }
  },
};
