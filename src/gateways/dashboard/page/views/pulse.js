// Pulse: everything that happens, as it happens, and how fast it gets to those who listen.

import { Series, chart } from "../chart.js";
import { feed, fillFeed } from "../feed.js";
import { count, latency } from "../format.js";
import { open } from "../live.js";
import { field, figure, figures, panel } from "../parts.js";
import { listenToPulse } from "../pulse.js";
import { h, onEnd, signal } from "../signals.js";

const TOPICS = ["payments", "contracts", "servers", "names"];

export function view() {
  const pulse = listenToPulse();
  const rates = signal(new Series("payments", "deliveries"));
  const delays = signal(new Series("p50", "p99"));
  const total = signal(0);
  const events = feed({ label: "Events" });
  let payments = 0;
  let heard = 0;

  open.listen(TOPICS, {
    "*": (event) => {
      heard += 1;
      if (event.kind === "payment.made") payments += 1;
      events.add(event);
    },
  });
  // A topic that this hub does not have would refuse them all.
  void fillFeed(open.api, ["payments", "contracts"], events).catch(() => {});
  const timer = setInterval(() => {
    const stats = pulse.last();
    rates.touch((series) => series.push({ payments, deliveries: stats?.deliveries }));
    delays.touch((series) => series.push({ p50: stats?.latency_p50_us, p99: stats?.latency_p99_us }));
    total.set(heard);
    payments = 0;
  }, 1000);
  onEnd(() => clearInterval(timer));
  // A signal is told by a change of its value, and these change within.
  const live = (series) => Object.assign(() => (total(), pulse(), series()), { peek: series.peek });

  const search = h("input", { type: "search", id: "filter", placeholder: "payment, a wallet, a word …", oninput: () => events.filter.set(search.value.trim()) });
  return h(
    "div",
    { class: "view pulse" },
    h("h1", {}, "Pulse"),
    figures(
      figure("Events", () => count(pulse()?.events), "a second, committed"),
      figure("Deliveries", () => count(pulse()?.deliveries), "a second, to all listeners"),
      figure("Half within", () => latency(pulse()?.latency_p50_us), "commit to delivery"),
      figure("99 of 100 within", () => latency(pulse()?.latency_p99_us), "commit to delivery"),
      figure("Heard here", () => count(total()), "since this view opened"),
    ),
    h(
      "div",
      { class: "two" },
      panel("Each second", {}, chart(live(rates), [
        { name: "deliveries", label: "deliveries", token: "accent", fill: true },
        { name: "payments", label: "payments", token: "second", dash: true },
      ], { label: "Payments and deliveries for each of the last 120 seconds" })),
      panel("Commit to delivery", {}, chart(live(delays), [
        { name: "p99", label: "99 of 100", token: "second", dash: true },
        { name: "p50", label: "half", token: "accent", fill: true },
      ], { label: "Latency of the last 120 seconds", unit: (us) => latency(Math.round(us) || undefined) })),
    ),
    panel(
      "Events",
      {
        wide: true,
        tools: h(
          "div",
          { class: "tools" },
          field("Filter", search),
          h("button", { type: "button", id: "pause", "aria-pressed": () => String(events.paused()), onclick: () => events.paused.set(!events.paused.peek()) }, () =>
            events.paused() ? (events.missed() > 0 ? `▶ Go on, ${count(events.missed())} new` : "▶ Go on") : "❚❚ Pause",
          ),
        ),
      },
      events.view,
    ),
  );
}
