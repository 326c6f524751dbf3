// Events in words, and a list of them that stays readable at any pace.

import { amount, reason, timeOfDay, words } from "./format.js";
import { effect, h, onEnd, signal } from "./signals.js";

/** Events kept for looking back, and those that are shown. */
const KEPT_MAX = 2000;
const SHOWN_MAX = 60;
/** Events of the log that a new page looks through. */
const LOOK_BACK = 50;
/** How far one looks back for kinds that are rare: further with each time that too few were found. */
const STRIDE = 5_000;
const STRIDE_GROWS = 10;
/** Pages of one such look. */
const PAGES_MAX = 20;
/** How often the list is drawn: more is only flicker. */
const DRAW_MS = 250;

/** One event as a line: a sign, who and what. */
export function tell(event) {
  const { kind, data } = event;
  switch (kind) {
    case "payment.made": {
      const about = reason(data.metadata);
      return ["→", `${data.from} paid ${data.to} ${amount(data.amount)}${about ? `, ${about}` : ""}`];
    }
    case "names.registered":
    case "name.registered":
      return ["◇", `${data.name ?? ""} registered`];
  }
  const [family, verb] = kind.split(".");
  const done = words(verb);
  if (family === "contract") return ["§", `“${data.contract?.title ?? data.contract_id}” ${done}`];
  if (family === "subscription") return ["↻", `${data.address ?? "somebody"}: subscription to contract ${data.contract_id} ${done}`];
  if (family === "server") return ["▣", `${data.game ?? data.comment ?? "server"} ${done}`];
  if (family === "wallet") return ["▢", `${data.address} ${done}`];
  if (family === "ops") return tellOps(kind, data);
  return ["·", words(kind.replace(".", ": "))];
}

const DRIFTS = {
  entitlement: ({ discord_user_id, after }) => `${discord_user_id}: ${after.tier} is ${words(after.status)}, as the provider says`,
  webhook_disabled: ({ enabled }) => `the provider had given our webhook up${enabled ? "; it is enabled again" : ""}`,
  events_missing: ({ redelivered }) => `${redelivered} events were missing and are delivered again`,
};

/** What operators should know, or did. */
function tellOps(kind, data) {
  switch (kind) {
    case "ops.acted": {
      const more = Object.entries(data.detail).filter(([, value]) => value !== null && value !== "");
      return ["✎", `${data.name}: ${words(data.action.replace(".", ": "))} ${data.target}${more.length > 0 ? ` (${more.map(([name, value]) => `${words(name)} ${value}`).join(", ")})` : ""}`];
    }
    case "ops.webhook_failed":
      return ["△", `${data.type} is ${words(data.status)}: ${words(data.code).toLowerCase()}`];
    case "ops.webhook_settled":
      return ["✓", `${data.type} is ${words(data.status)} by now`];
    case "ops.drift":
      return ["≠", DRIFTS[data.what]?.(data) ?? words(data.what)];
    case "ops.orphan_stopped":
      return ["▣", `server ${data.orchestrator_session_id} that nobody paid for was stopped`];
    case "ops.server_anomaly":
      return ["△", `server session ${data.session_id}: ${words(data.anomaly)} (${words(data.event)})`];
    case "ops.clock_advanced":
      return ["◷", `the test clock is ${data.offset_s} s ahead`];
  }
  return ["·", words(kind.replace(".", ": "))];
}

/** Whether an event has all of the words that somebody looks for. */
export function matches(event, filter) {
  if (!filter) return true;
  const text = `${event.kind} ${event.topics.join(" ")} ${JSON.stringify(event.data)}`.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** Fills a feed with the last events of some topics, so that nobody looks at an empty page. */
export async function fillFeed(api, topics, target, back = LOOK_BACK) {
  const { epoch, head } = await api.get("events", { topics: topics.join(), limit: 1 });
  const since = Math.max(0, head - back);
  const page = await api.get("events", { topics: topics.join(), epoch, since, limit: Math.min(back, 1000) });
  target.fill(page.events.slice(-LOOK_BACK));
}

/** The last events of some kinds, oldest first. They may be rare, so it looks back until there are enough or the log begins. */
export async function history(api, topics, kinds, enough = SHOWN_MAX) {
  const what = { topics: topics.join(), kinds: kinds.join(), limit: 1000 };
  const { epoch, head } = await api.get("events", what);
  for (let stride = STRIDE; ; stride *= STRIDE_GROWS) {
    const since = Math.max(0, head - stride);
    const { events, begun } = await behind(api, { ...what, epoch }, since, head);
    if (events.length >= enough || begun) return events.slice(-KEPT_MAX);
  }
}

/** All that is kept behind a place in the log, and whether nothing is kept before it. */
async function behind(api, what, from, head) {
  const events = [];
  let [since, begun] = [from, from === 0];
  for (let page = 0; page < PAGES_MAX && since < head; page += 1) {
    try {
      const answer = await api.get("events", { ...what, since });
      events.push(...answer.events);
      since = answer.next;
    } catch (error) {
      const oldest = error.code === "gone" && error.details?.find?.(({ field }) => field === "oldest")?.message;
      if (!oldest || begun) throw error;
      [since, begun] = [Number(oldest) - 1, true];
    }
  }
  return { events, begun };
}

/** A list of events with what it needs: `add(event)`, `fill(events)`, `filter`, `paused`, and its `view`. */
export function feed({ label, when = timeOfDay }) {
  const kept = [];
  const filter = signal("");
  const paused = signal(false);
  const missed = signal(0);
  let changed = false;
  let held = [];
  const list = h("ol", { class: when === timeOfDay ? "feed" : "feed dated", "aria-label": label, tabindex: "0" });
  const some = signal(false);
  const view = h("div", {}, () => (some() ? undefined : h("p", { class: "empty" }, "Nothing yet. What happens shows here at once.")), list);
  const shown = new Map();

  function draw() {
    const wanted = [];
    const source = paused.peek() ? held : kept;
    for (let index = source.length - 1; index >= 0 && wanted.length < SHOWN_MAX; index -= 1) {
      if (matches(source[index], filter.peek())) wanted.push(source[index]);
    }
    const seqs = new Set(wanted.map(({ seq }) => seq));
    for (const [seq, line] of shown) {
      if (seqs.has(seq)) continue;
      line.remove();
      shown.delete(seq);
    }
    let place = list.firstChild;
    for (const event of wanted) {
      let line = shown.get(event.seq);
      if (!line) shown.set(event.seq, (line = row(event, when)));
      if (line === place) place = place.nextSibling;
      else list.insertBefore(line, place);
    }
  }

  const timer = setInterval(() => {
    if (!changed || document.hidden) return;
    changed = false;
    if (paused.peek()) missed.set(kept.filter((event) => !held.length || event.seq > held.at(-1).seq).length);
    else draw();
  }, DRAW_MS);
  onEnd(() => clearInterval(timer));
  effect(() => {
    filter();
    held = paused() ? [...kept] : [];
    missed.set(0);
    draw();
  });

  return {
    view,
    filter,
    paused,
    missed,
    /** What the log has, beside what was heard. */
    fill(events) {
      const all = new Map([...events, ...kept].map((event) => [event.seq, event]));
      kept.splice(0, kept.length, ...[...all.values()].sort((a, b) => a.seq - b.seq));
      some.set(kept.length > 0);
      changed = true;
    },
    add(event) {
      kept.push(event);
      some.set(true);
      if (kept.length > KEPT_MAX * 1.25) kept.splice(0, kept.length - KEPT_MAX);
      changed = true;
    },
  };
}

function row(event, when) {
  const [sign, text] = tell(event);
  return h(
    "li",
    {},
    h("span", { class: "sign", "aria-hidden": "true" }, sign),
    h("span", { class: "what" }, text),
    h("span", { class: "kind" }, event.kind),
    h("time", { datetime: event.at, title: event.at }, when(event.at)),
    h("span", { class: "seq" }, `#${event.seq}`),
  );
}
