// A server that a test writes down: sockets that say what they are told to, and a fetch that answers from a list.

/** Makes a class of sockets; `sockets` has every one that was opened, `sent` of each what the client said on it. */
export function fakeSockets() {
  const sockets = [];
  class FakeSocket {
    readyState = 0;
    sent = [];
    closed;

    constructor(url, protocols) {
      Object.assign(this, { url, protocols });
      sockets.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close(code) {
      this.closed ??= code;
      this.readyState = 3;
    }

    // ---- what the server does ----

    open() {
      this.readyState = 1;
      this.onopen?.({});
    }

    say(message) {
      this.onmessage?.({ data: JSON.stringify(message) });
    }

    /** Greets, and grants the first subscribe: resumed behind its `since`, or live from event 51 on. */
    greet({ live = true } = {}) {
      this.open();
      this.say({ type: "welcome", conn: "c", epoch: "e7", head: 50, ping_s: 25, now: "" });
      const ask = this.sent.find(({ type }) => type === "subscribe");
      if (!ask) return;
      const mode = ask.since === undefined ? (ask.snapshot ? "snapshot" : "live") : "resumed";
      this.say({ type: "subscribed", id: ask.id, topics: ask.topics, mode, from: (ask.since ?? 50) + 1, head: 50 });
      if (live) this.say({ type: "live", id: ask.id, seq: ask.since ?? 50 });
    }

    event(seq, kind = "payment.made") {
      this.say({ type: "event", seq, kind, topics: ["t"], at: "", data: { n: seq } });
    }

    lose(code = 1006, reason = "") {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }
  }
  return { sockets, WebSocket: FakeSocket };
}

/** A fetch that gives these answers one after the other, `[status, body, headers]` or an error, and keeps what was asked. */
export function fakeFetch(...answers) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push({ url, ...init });
    const answer = answers.shift();
    if (answer === "hang") {
      return new Promise((_, reject) => init.signal.addEventListener("abort", () => reject(init.signal.reason)));
    }
    if (!Array.isArray(answer)) throw answer ?? new Error("nobody there");
    const [status, body, headers = {}] = answer;
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
  };
  return { fetch, asked };
}
