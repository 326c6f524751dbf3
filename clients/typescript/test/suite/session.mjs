// The session's rulebook: what happens, and what is done about it.

import { CLOSE_CODES } from "../../dist/close.js";
import { equal, ok } from "./check.mjs";
import { LIVE_AT_50, Play, RESUMED, WELCOME, event } from "./play.mjs";

const SNAPSHOT = (topic, part, last) =>
  JSON.stringify({ type: "snapshot", topic, seq: 50, part, last, data: {} });
const LIVE = '{"type":"live","id":2,"seq":50}';
const DRAIN = '{"type":"drain","reconnect_in_ms":8123,"close_in_ms":38123}';

export const tests = {
  "a session without a position begins at the head"() {
    const play = new Play();
    equal(play.tick(), "connecting; open 1");
    equal(play.frame(1, WELCOME), "send 1 subscribe t+u");
    equal(play.frame(1, LIVE_AT_50), "resuming; save e7 50");
    equal(play.frame(1, LIVE), "save e7 50; live");
    equal(play.event(1, 51), "event 51");
  },

  "every close code has its answer"() {
    // The link served for a second, which is not yet stable; the dice always show one half.
    const answers = [
      [1000, "stopped closed 1000"],
      [1001, "reconnecting 125"],
      [1009, "stopped closed 1009"],
      [1012, "reconnecting 2500"],
      [1013, "reconnecting 5125"],
      [4400, "stopped closed 4400"],
      [4401, "stopped unauthorized"],
      [4403, "stopped unauthorized"],
      [4408, "reconnecting 125"],
      [4413, "reconnecting 125"],
      [4429, "reconnecting 125"],
      [4500, "reconnecting 125"],
      [4999, "reconnecting 125"],
    ];
    for (const [code, expected] of answers) {
      const play = Play.resumed();
      play.wait(1000);
      equal(play.closed(1, code), expected, code);
      if (expected.startsWith("stopped")) ok(play.session.stopped && play.due() === Infinity);
      else equal(play.wait(play.due()), "connecting; open 3", code);
    }
    equal([...CLOSE_CODES.keys()], answers.slice(0, -1).map(([code]) => code));
  },

  "a reason may tell when to come back"() {
    for (const [reason, expected] of [
      ["retry_after_ms=1500", 1500],
      ['{"retry_after_ms":1500}', 1500],
      ['{"code":"rate_limited","retry_after_ms": 7, "x":1}', 7],
      ["retry_after_ms", 125],
      ["retry_after_ms=99999999999999999999999", 125],
      ["slow down", 125],
    ]) {
      equal(Play.resumed().closed(1, 4429, reason), `reconnecting ${expected}`, reason);
    }
  },

  "an HTTP answer is judged by its class"() {
    for (const [status, expected] of [
      [400, "stopped rejected"],
      [401, "stopped unauthorized"],
      [403, "stopped rejected"],
      [404, "stopped rejected"],
      [408, "reconnecting 125"],
      [429, "reconnecting 125"],
      [500, "reconnecting 125"],
      [503, "reconnecting 125"],
      [200, "reconnecting 125"],
    ]) {
      equal(Play.resumed().lost(1, { how: "rejected", status }), expected, status);
    }
  },

  "a close code about the token asks for another one"() {
    for (const code of [4401, 4403]) {
      const play = new Play(40, { credentials: "token" });
      equal(play.tick(), "fetch");
      equal(play.token("one"), "connecting; open 1 one");
      play.frame(1, WELCOME);
      play.frame(1, RESUMED);
      equal(play.closed(1, code), "reconnecting 125");
      equal(play.wait(125), "fetch");
      equal(play.token("one"), "stopped unauthorized", "a refused token is not offered again");
    }
    const play = new Play(40, { credentials: "token" });
    play.tick();
    play.token("one");
    equal(play.lost(1, { how: "rejected", status: 401 }), "reconnecting 125");
    equal(play.wait(125), "fetch");
    equal(play.token("two"), "connecting; open 2 two");
  },

  "each message of the server has its effect"() {
    for (const [message, expected] of [
      [event(41), "event 41"],
      [event(40), ""],
      ['{"type":"mark","seq":45}', "mark 45; save e7 45"],
      ['{"type":"mark","seq":40}', "save e7 40"],
      [LIVE, "save e7 50; live"],
      ['{"type":"live","id":2,"seq":3}', "save e7 40; live"],
      ['{"type":"hint","kind":"server.tick","topics":["t"],"data":{}}', "hint server.tick"],
      ['{"type":"revoked","topics":["t"],"code":"forbidden"}', "revoked t forbidden"],
      ['{"type":"revoked","topics":["t","u"],"code":"forbidden"}', "revoked t+u forbidden; close 1; stopped no_topics"],
      ['{"type":"revoked","topics":["other"],"code":"forbidden"}', ""],
      ['{"type":"expiring","in_s":60}', ""],
      [DRAIN, "draining 8123"],
      ['{"type":"pong","id":6,"t":1,"now":""}', ""],
      ['{"type":"ok","id":9}', ""],
      ['{"type":"error","code":"bad_request","message":"m","retry":false}', ""],
      ['{"type":"of the future","seq":"not a number"}', ""],
      ['{"type":"constructor"}', ""],
      ["{", "close 1; reconnecting 125"],
      ["[]", "close 1; reconnecting 125"],
      ["null", "close 1; reconnecting 125"],
      ['{"type":"event","seq":41}', "close 1; reconnecting 125"],
      ['{"type":"mark","seq":-1}', "close 1; reconnecting 125"],
    ]) {
      equal(Play.resumed().frame(1, message), expected, message);
    }
  },

  "each refusal of the first subscription has its answer"() {
    for (const [refusal, expected] of [
      [{ code: "gone", oldest: 45 }, "gap gone 40; send 1 subscribe t+u"],
      [{ code: "epoch_changed" }, "gap epoch_changed 40; send 1 subscribe t+u"],
      [{ code: "bad_request" }, "close 1; stopped refused bad_request"],
      [{ code: "forbidden" }, "close 1; stopped refused forbidden"],
      [{ code: "not_found" }, "close 1; stopped refused not_found"],
      [{ code: "limit_topics" }, "close 1; stopped refused limit_topics"],
      [{ code: "unauthorized" }, "close 1; stopped unauthorized"],
      [{ code: "token_expired" }, "close 1; stopped unauthorized"],
      [{ code: "unavailable", retry: true }, "close 1; reconnecting 125"],
      [{ code: "internal", retry: true }, "close 1; reconnecting 125"],
      [{ code: "rate_limited", retry_after_ms: 7000 }, "close 1; reconnecting 7000"],
    ]) {
      const play = new Play(40);
      play.tick();
      equal(play.frame(1, WELCOME), "send 1 subscribe t+u since 40");
      equal(play.refused(1, 2, refusal), expected, refusal.code);
    }
  },

  "a gap begins anew with the state, where that is wanted"() {
    const play = new Play(40, { snapshot: true });
    play.tick();
    equal(play.frame(1, WELCOME), "send 1 subscribe t+u since 40");
    equal(play.refused(1, 2, { code: "gone" }), "gap gone 40; send 1 subscribe t+u snapshot");
  },

  "a snapshot is not passed by a position before all its parts are there"() {
    const play = new Play(undefined, { snapshot: true });
    play.tick();
    equal(play.frame(1, WELCOME), "send 1 subscribe t+u snapshot");
    equal(play.frame(1, LIVE_AT_50.replace('"live"', '"snapshot"')), "resuming");
    equal(play.frame(1, SNAPSHOT("t", 1, true)), "snapshot t 1");
    equal(play.frame(1, '{"type":"mark","seq":50}'), "");
    equal(play.closed(1, 1006), "reconnecting 125");
    equal(play.wait(125), "connecting; open 3");
    equal(play.frame(3, WELCOME), "send 3 subscribe t+u snapshot");
    play.frame(3, LIVE_AT_50.replace('"live"', '"snapshot"').replace('"id":2', '"id":4'));
    equal(play.frame(3, SNAPSHOT("t", 1, true) ), "snapshot t 1");
    equal(play.frame(3, SNAPSHOT("u", 1, true) ), "snapshot u 1");
    equal(play.frame(3, LIVE), "save e7 50; live");
  },

  "a bare number belongs to the history of the first greeting"() {
    const play = new Play(undefined, { beginAt: 40 });
    play.tick();
    equal(play.frame(1, WELCOME), "send 1 subscribe t+u since 40");
    equal(play.frame(1, RESUMED), "resuming");
    equal(play.event(1, 41), "event 41");
    equal(play.closed(1, 1006), "reconnecting 125");
    equal(play.wait(125), "connecting; open 3");
    equal(play.frame(3, WELCOME), "send 3 subscribe t+u since 41");
  },

  "while the server drains the next link opens beside, and nothing comes twice"() {
    const play = Play.resumed();
    play.frame(1, LIVE);
    equal(play.frame(1, DRAIN), "draining 8123");
    equal(play.due(), 8123);
    equal(play.wait(8123), "open 3");
    equal(play.event(1, 51), "event 51");
    equal(play.frame(3, WELCOME), "send 3 subscribe t+u since 51");
    equal(play.event(1, 52), "event 52");
    equal(play.frame(3, RESUMED.replace('"id":2', '"id":4')), "");
    equal(play.event(3, 52), "");
    equal(play.event(3, 53), "event 53");
    equal(play.event(1, 53), "");
    equal(play.frame(3, '{"type":"live","id":4,"seq":53}'), "save e7 53; close 1; live");
    equal(play.event(1, 54), "", "a link that was let go says nothing more");
    equal(play.event(3, 54), "event 54");
  },

  "a replacement that fails is tried again while the old link serves"() {
    const play = Play.resumed();
    play.frame(1, DRAIN);
    equal(play.wait(8123), "open 3");
    equal(play.lost(3, { how: "failed", reason: "" }), "");
    equal(play.event(1, 41), "event 41");
    equal(play.wait(125), "open 4");
  },

  "a link that is lost during a drain is resumed at the told time"() {
    const play = Play.resumed();
    play.frame(1, DRAIN);
    play.wait(123);
    equal(play.closed(1, 1001), "reconnecting 8000");
  },

  "waits double up to a ceiling, and a stable link ends that"() {
    const play = Play.resumed();
    play.closed(1, 1006);
    const waits = [];
    for (let link = 3; link < 13; link += 1) {
      play.wait(play.due());
      waits.push(Number(play.lost(link, { how: "failed", reason: "" }).split(" ")[1]));
    }
    equal(waits, [250, 500, 1000, 2000, 4000, 8000, 10000, 10000, 10000, 10000]);
    play.wait(10000);
    play.frame(13, WELCOME);
    play.frame(13, RESUMED.replace('"id":2', '"id":14'));
    for (let s = 0; s < 2; s += 1) {
      play.wait(15_000);
      play.frame(13, '{"type":"mark","seq":60}');
    }
    equal(play.closed(13, 1006), "reconnecting 125");
  },

  "silence is asked about once, and then is the end of the link"() {
    const play = Play.resumed();
    equal(play.due(), 25_000);
    equal(play.wait(25_000), "send 1 ping");
    equal(play.due(), 10_000);
    play.frame(1, '{"type":"pong","id":3,"now":""}');
    equal(play.wait(25_000), "send 1 ping");
    equal(play.wait(10_000), "close 1; reconnecting 125");
    // A socket that opens and never greets is given up as well.
    equal(play.wait(125), "connecting; open 5");
    equal(play.wait(10_000), "close 5; reconnecting 250");
  },

  "a token that ends soon is replaced on the link"() {
    const play = new Play(40, { credentials: "token" });
    play.tick();
    play.token("one");
    play.frame(1, WELCOME);
    play.frame(1, RESUMED);
    equal(play.frame(1, '{"type":"expiring","in_s":60}'), "fetch");
    equal(play.token("two"), "send 1 auth two");
    equal(play.frame(1, '{"type":"ok","id":3}'), "");
    equal(play.closed(1, 4401), "reconnecting 125");
    equal(play.wait(125), "fetch");
    equal(play.token("two"), "stopped unauthorized", "the link knew us by the second token");
  },

  "a source of tokens that fails is asked again"() {
    const play = new Play(40, { credentials: "token" });
    play.tick();
    equal(play.give({ on: "no-token", reason: "away" }), "reconnecting 125");
    equal(play.wait(125), "fetch");
    equal(play.token("one"), "connecting; open 1 one");
  },

  "each link has a ticket of its own, and the next one opens before the end"() {
    const play = new Play(40, { credentials: "ticket" });
    equal(play.tick(), "fetch");
    equal(play.token("first"), "connecting; open 1 first");
    play.frame(1, WELCOME);
    play.frame(1, RESUMED);
    play.frame(1, LIVE);
    equal(play.frame(1, '{"type":"expiring","in_s":60}'), "fetch");
    equal(play.token("second"), "open 3 second");
    play.frame(3, WELCOME);
    play.frame(3, RESUMED.replace('"id":2', '"id":4'));
    equal(play.frame(3, LIVE), "save e7 50; close 1; live");
    equal(play.closed(3, 4401), "reconnecting 125");
    equal(play.wait(125), "fetch");
  },

  "topics come and go on an open link"() {
    const play = Play.resumed();
    play.plan.topics.set("v", { snapshot: true });
    play.plan.topics.delete("u");
    equal(play.give({ on: "plan" }), "send 1 unsubscribe u; send 1 subscribe v snapshot");
    const answer = '{"type":"subscribed","id":4,"topics":["v"],"mode":"snapshot","from":51,"head":50}';
    equal(play.frame(1, answer), "");
    equal(play.frame(1, SNAPSHOT("v", 1, false)), "snapshot v 1");
    equal(play.closed(1, 1006), "reconnecting 125");
    play.wait(125);
    // Half a state can't be resumed.
    equal(play.frame(5, WELCOME), "send 5 subscribe t since 40");
    equal(play.frame(5, RESUMED.replace('"id":2', '"id":6')), "resuming; send 5 subscribe v snapshot");
    play.frame(5, answer.replace('"id":4', '"id":7'));
    play.frame(5, SNAPSHOT("v", 1, true));
    equal(play.closed(5, 1006), "reconnecting 250");
    play.wait(250);
    equal(play.frame(8, WELCOME), "send 8 subscribe t+v since 40");
  },

  "a topic that goes and comes back begins anew"() {
    const play = Play.resumed();
    play.plan.topics.delete("u");
    equal(play.give({ on: "plan" }), "send 1 unsubscribe u");
    play.plan.topics.set("u", { snapshot: true });
    equal(play.give({ on: "plan" }), "send 1 subscribe u snapshot");
    // Even while the answer is on its way.
    play.plan.topics.delete("u");
    equal(play.give({ on: "plan" }), "send 1 unsubscribe u");
    play.plan.topics.set("u", { snapshot: true });
    equal(play.give({ on: "plan" }), "");
    const answer = '{"type":"subscribed","id":4,"topics":["u"],"mode":"snapshot","from":51,"head":50}';
    equal(play.frame(1, answer), "send 1 subscribe u snapshot");
  },

  "a topic that is refused later costs the others nothing"() {
    const play = Play.resumed();
    for (const topic of ["v", "w"]) play.plan.topics.set(topic, { snapshot: false });
    equal(play.give({ on: "plan" }), "send 1 subscribe v+w");
    equal(play.refused(1, 3, { code: "forbidden" }), "send 1 subscribe v; send 1 subscribe w");
    equal(play.refused(1, 4, { code: "forbidden" }), "revoked v forbidden");
    const answer = '{"type":"subscribed","id":5,"topics":["w"],"mode":"live","from":51,"head":50}';
    equal(play.frame(1, answer), "");
    play.plan.topics.set("x", { snapshot: false });
    equal(play.give({ on: "plan" }), "send 1 subscribe x");
    equal(play.refused(1, 6, { code: "unavailable", retry: true, retry_after_ms: 900 }), "");
    equal(play.wait(900), "send 1 subscribe x");
  },

  "a topic that is refused at the start costs the others nothing either"() {
    const play = new Play(undefined, { snapshot: true, topics: ["t", "u", "v"] });
    play.tick();
    equal(play.frame(1, WELCOME), "send 1 subscribe t+u+v snapshot");
    equal(play.refused(1, 2, { code: "not_found" }), "send 1 subscribe t snapshot; send 1 subscribe u snapshot; send 1 subscribe v snapshot");
    equal(play.refused(1, 3, { code: "not_found" }), "revoked t not_found");
    equal(play.frame(1, LIVE_AT_50.replace('"id":2', '"id":4').replace('"live"', '"snapshot"')), "resuming");
    equal(play.frame(1, '{"type":"live","id":4,"seq":50}'), "save e7 50; live");
    equal(play.refused(1, 5, { code: "not_found" }), "revoked v not_found");
    const alone = new Play(undefined, {});
    alone.tick();
    alone.frame(1, WELCOME);
    alone.refused(1, 2, { code: "forbidden" });
    equal(alone.refused(1, 3, { code: "forbidden" }), "revoked t forbidden");
    equal(alone.refused(1, 4, { code: "forbidden" }), "close 1; stopped refused forbidden");
  },

  "a session without topics waits for the first"() {
    const play = new Play(undefined, { topics: [] });
    play.tick();
    equal(play.frame(1, WELCOME), "live");
    play.plan.topics.set("t", { snapshot: true });
    equal(play.give({ on: "plan" }), "send 1 subscribe t snapshot");
  },

  "an application that can't take more lets the link go and resumes it"() {
    const play = Play.resumed();
    play.event(1, 41);
    equal(play.give({ on: "full" }), "close 1; paused");
    equal(play.due(), Infinity);
    equal(play.give({ on: "room" }), "connecting; open 3");
    equal(play.frame(3, WELCOME), "send 3 subscribe t+u since 41");
  },

  "a network that is back ends the waiting"() {
    const play = Play.resumed();
    play.roll = 1;
    play.closed(1, 1012);
    equal(play.give({ on: "online" }), "connecting; open 3");
  },

  "another history is noticed by its numbers"() {
    const play = Play.resumed();
    play.closed(1, 1006);
    play.wait(125);
    play.frame(3, WELCOME.replace('"e7"', '"e8"'));
    equal(play.refused(3, 4, { code: "epoch_changed" }), "gap epoch_changed 40; send 3 subscribe t+u");
    play.frame(3, LIVE_AT_50.replace('"id":2', '"id":5').replace('"from":51', '"from":7'));
    equal(play.event(3, 7), "event 7");
  },
};
