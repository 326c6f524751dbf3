// Status: what a visitor wants to know. Game servers with their state and since when, and the hub's pulse.

import { feed, fillFeed } from "../feed.js";
import { count, latency, span } from "../format.js";
import { line, open, wordsOf } from "../live.js";
import { chip, empty, figure, figures, panel } from "../parts.js";
import { listenToPulse } from "../pulse.js";
import { each, h } from "../signals.js";
import { listenToServers, serverChip, since } from "../servers.js";

export function view({ now }) {
  const pulse = listenToPulse();
  const recent = feed({ label: "What happened last" });
  open.listen(["payments", "contracts"], { "*": (event) => recent.add(event) });
  void fillFeed(open.api, ["payments", "contracts"], recent).catch(() => {});
  const servers = listenToServers(open);

  const list = h("ul", { class: "cards", "aria-label": "Game servers" });
  each(list, () => servers.sorted(), (server) => server.id, (server) => card(server, now));

  return h(
    "div",
    { class: "view" },
    h(
      "div",
      { class: "hello" },
      h("h1", {}, () => (line().state === "live" || line().state === "draining" ? "Everything is running" : wordsOf(line().state).name)),
      h("p", { class: "quiet" }, () => (pulse() ? "This page shows what happens while it happens. Nothing needs a reload." : "Waiting for the first beat of the hub …")),
    ),
    h(
      "div",
      { id: "counts" },
      figures(
        figure("Connections", () => count(pulse()?.connections)),
        figure("Events", () => count(pulse()?.events), "a second"),
        figure("Deliveries", () => count(pulse()?.deliveries), "a second"),
        figure("Commit to delivery", () => latency(pulse()?.latency_p50_us), () => (pulse()?.latency_p99_us ? `99 of 100 within ${latency(pulse().latency_p99_us)}` : "nothing to measure")),
        figure("Servers", () => count(servers.sorted().length), "open now"),
      ),
    ),
    panel("Game servers", {}, () => (servers.sorted().length === 0 ? empty(servers.known() ? "No game server is running. Members start them under Membership." : "Looking …") : undefined), list),
    panel("What happened last", {}, () => undefined, recent.view),
  );
}

function card(server, now) {
  return h(
    "li",
    { class: "card" },
    h("div", { class: "card-top" }, h("strong", {}, () => server().game || "Game server"), () => serverChip(server().status)),
    h("p", {}, () => server().comment || ""),
    h("p", { class: "quiet" }, () => `${since(server())} ${span((now() - Date.parse(server().ready_at ?? server().started_at)) / 1000)}`, () => (server().players === undefined || server().players === null ? "" : `, ${server().players} playing`)),
    () => (server().host ? chip("plain", "⌁", server().port ? `${server().host}:${server().port}` : server().host) : undefined),
  );
}
