// Events in words, and a list of them that stays readable at any pace.

import { amount, reason, timeOfDay, words } from "./format.js";
import { effect, h, onEnd, signal } from "./signals.js";

/** Events kept for looking back, and those that are shown. */
const KEPT_MAX = 2000;
const SHOWN_MAX = 60;
/** Events of the log that a new page looks through. */
const LOOK_BACK = 50;
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

/** A list of events with what it needs: `add(event)`, `fill(events)`, `filter`, `paused`, and its `view`. */
export function feed({ label }) {
  const kept = [];
  const filter = signal("");
  const paused = signal(false);
  const missed = signal(0);
  let changed = false;
  let held = [];
  const list = h("ol", { class: "feed", "aria-label": label, tabindex: "0" });
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
      if (!line) shown.set(event.seq, (line = row(event)));
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
    /** What was before the first event that was heard. */
    fill(events) {
      const first = kept[0]?.seq ?? Infinity;
      kept.unshift(...events.filter(({ seq }) => seq < first));
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

function row(event) {
  const [sign, text] = tell(event);
  return h(
    "li",
    {},
    h("span", { class: "sign", "aria-hidden": "true" }, sign),
    h("span", { class: "what" }, text),
    h("span", { class: "kind" }, event.kind),
    h("time", { datetime: event.at, title: event.at }, timeOfDay(event.at)),
    h("span", { class: "seq" }, `#${event.seq}`),
  );
}
