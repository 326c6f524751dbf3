// Plays a session without IO: inputs go in, and each action comes out as one short line, so that a test reads as a
// protocol of the conversation. Runs in Node and in a browser.

import { Session } from "../../dist/session.js";
import { TIMING } from "../../dist/timing.js";

export const WELCOME = '{"type":"welcome","conn":"c_1","epoch":"e7","head":50,"ping_s":25,"x":1}';
export const RESUMED = '{"type":"subscribed","id":2,"topics":["t"],"mode":"resumed","from":41,"head":50}';
export const LIVE_AT_50 = '{"type":"subscribed","id":2,"topics":["t"],"mode":"live","from":51,"head":50}';
export const event = (seq) => `{"type":"event","seq":${seq},"kind":"a.b","topics":["t"],"at":"","data":{}}`;

export class Play {
  now = 1000;
  roll = 0.5;

  constructor(position, change = {}) {
    const topics = new Map((change.topics ?? ["t", "u"]).map((topic) => [topic, { snapshot: change.snapshot ?? false }]));
    const plan = { kinds: [], credentials: "none", timing: TIMING, ...change, topics };
    this.plan = plan;
    this.session = new Session(plan, position === undefined ? undefined : { epoch: "e7", seq: position }, this.now);
  }

  /** A guest that holds event 40 and is subscribed behind it on link 1. */
  static resumed(change) {
    const play = new Play(40, change);
    play.tick();
    play.frame(1, WELCOME);
    play.frame(1, RESUMED);
    return play;
  }

  give(input) {
    return this.session.handle({ now: this.now, roll: this.roll }, input).map(line).join("; ");
  }

  tick() {
    return this.give({ on: "tick" });
  }

  frame(link, text) {
    return this.give({ on: "frame", link, text });
  }

  event(link, seq) {
    return this.frame(link, event(seq));
  }

  lost(link, loss) {
    return this.give({ on: "lost", link, loss });
  }

  closed(link, code, reason = "") {
    return this.lost(link, { how: "closed", code, reason });
  }

  refused(link, id, rest) {
    return this.frame(link, JSON.stringify({ type: "error", id, message: "m", ...rest }));
  }

  token(token) {
    return this.give({ on: "token", token });
  }

  wait(ms) {
    this.now += ms;
    return this.tick();
  }

  /** The deadline, in milliseconds from now. */
  due() {
    return this.session.deadline() - this.now;
  }
}

function line(action) {
  switch (action.do) {
    case "open":
      return ["open", action.link, action.token].filter((word) => word !== undefined).join(" ");
    case "send": {
      const { type, since, snapshot, topics, token } = action.message;
      const words = ["send", action.link, type, token, topics?.join("+")];
      if (since !== undefined) words.push("since", since);
      if (snapshot) words.push("snapshot");
      return words.filter((word) => word !== undefined).join(" ");
    }
    case "close":
      return `close ${action.link}`;
    case "fetch":
      return "fetch";
    case "save":
      return `save ${action.position.epoch} ${action.position.seq}`;
    case "emit":
      return itemLine(action.item);
  }
}

function itemLine(item) {
  switch (item.type) {
    case "event":
      return `event ${item.seq}`;
    case "snapshot":
      return `snapshot ${item.topic} ${item.part}`;
    case "mark":
      return `mark ${item.seq}`;
    case "hint":
      return `hint ${item.kind}`;
    case "gap":
      return `gap ${item.reason} ${item.held.seq}`;
    case "revoked":
      return `revoked ${item.topics.join("+")} ${item.code}`;
    case "status":
      if (item.state === "reconnecting") return `reconnecting ${item.inMs}`;
      if (item.state === "draining") return `draining ${item.inMs}`;
      if (item.state === "stopped") return `stopped ${item.stop.why}${item.stop.code ? ` ${item.stop.code}` : ""}`;
      return item.state;
  }
}
