// Operator: what needs attention. Everything here asks for an admin key.

import { feed } from "../feed.js";
import { amount, count, dateTime, latency, words } from "../format.js";
import { apiOf, operator, ops, speakAs } from "../live.js";
import { address, button, chip, empty, field, figure, figures, form, panel, table } from "../parts.js";
import { each, effect, h, onEnd, scope, signal } from "../signals.js";

/** How often what no event tells is read anew. */
const POLL_MS = 3000;

export function view({ now }) {
  const place = h("div", { class: "view" });
  let shown;
  effect(() => {
    const key = operator();
    shown?.end();
    shown = scope();
    place.replaceChildren(...shown.in(() => [headline(key), ...(key ? inside(now) : [door()])]));
  });
  onEnd(() => shown?.end());
  return place;
}

function headline(key) {
  const leave = async () => {
    ops.close();
    speakAs({ operator: null });
  };
  return h("div", { class: "headline" }, h("h1", {}, "Operator"), key ? button("Log out", leave, { kind: "plain" }) : undefined);
}

function door() {
  return panel(
    "Admin key",
    {},
    form(
      "Log in as operator",
      "Log in",
      async ({ key }) => {
        await apiOf({ token: key }).get("admin/sessions", { all: true });
        speakAs({ operator: { token: key } });
        return "Logged in as operator";
      },
      field("Key", h("input", { type: "password", name: "key", required: true, autocomplete: "off" }), "The one that the hub printed at its first start, or of `tollbell token create`. It stays in this tab."),
    ),
  );
}

/** Reads something again and again while the view is there; `again` reads it now. */
function polled(path, pick = (data) => data) {
  const api = apiOf(operator.peek());
  const value = signal(undefined);
  const missing = signal(false);
  const again = async () => {
    try {
      value.set(pick(await api.get(path)));
    } catch (error) {
      if (error.status === 404) missing.set(true);
      if (error.status === 401 || error.status === 403) speakAs({ operator: null });
    }
  };
  const timer = setInterval(() => document.hidden || missing.peek() || void again(), POLL_MS);
  onEnd(() => clearInterval(timer));
  void again();
  return { value, missing, again, api };
}

const rows = (data) => (Array.isArray(data) ? data : (data?.items ?? data?.events ?? data?.sessions ?? data?.plans ?? data?.servers ?? []));

function inside(now) {
  const census = polled("admin/connections");
  const nodes = signal(new Map());
  const news = feed({ label: "Operator's events" });
  ops.listen(["ops"], {
    hint: ({ data }) => data.node && nodes.touch((all) => all.set(data.node.name, { ...data, heard: Date.now() })),
    "*": (event) => news.add(event),
  });
  const alive = () => [...nodes().values()].filter((node) => now() - node.heard < 10_000);
  const total = (pick) => alive().reduce((sum, node) => sum + (pick(node) ?? 0), 0);
  return [
    figures(
      figure("Connections", () => count(total((node) => node.connections)), () => `${count(total((node) => node.node.behind))} behind`),
      figure("Topics", () => count(total((node) => node.topics)), () => `${count(total((node) => node.node.groups))} groups`),
      figure("Head of the log", () => count(Math.max(0, ...alive().map((node) => node.node.head))), () => (alive().length === 1 ? "one node" : `${alive().length} nodes`)),
      figure("99 of 100 within", () => latency(Math.max(0, ...alive().map((node) => node.latency_p99_us ?? 0)) || undefined), "commit to delivery"),
      figure("In memory", () => count(total((node) => node.node.ring_events)), () => `${(total((node) => node.node.ring_bytes) / 1_048_576).toFixed(1)} MiB of events`),
      figure("Sent", () => `${(total((node) => node.node.sent_bytes) / 1024).toFixed(0)} KiB`, "a second"),
    ),
    connections(census),
    h("div", { class: "two" }, topics(census), sessions()),
    webhooks(),
    h("div", { class: "two" }, servers(), plans()),
    panel("News for operators", { wide: true }, h("p", { class: "quiet" }, "Failed webhooks, drift, stopped orphans, moved clocks: since this view opened."), news.view),
  ];
}

function connections(list) {
  const body = h("tbody", {});
  const all = () => list.value()?.connections ?? [];
  each(body, all, (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, h("code", {}, one().id)),
      h("td", {}, () => one().peer),
      h("td", {}, () => who(one().caller)),
      h("td", { class: "text" }, () => one().topics.slice(0, 4).join(", ") + (one().topics.length > 4 ? ` and ${one().topics.length - 4} more` : "")),
      h("td", {}, () => (one().live ? chip("good", "●", "live") : chip("warn", "◔", `behind by ${count(Math.max(0, (list.value()?.head ?? 0) - one().position))}`))),
      h("td", { class: "number" }, () => `${count(one().queued_bytes)} B`),
      h("td", {}, button("Kick", async () => {
        await list.api.delete(`admin/connections/${one.peek().id}`);
        await list.again();
        return "Its socket is closed; a good client comes back by itself";
      }, { title: "End this connection" })),
    ),
  );
  return panel(
    "Connections",
    { wide: true, tools: h("span", { class: "quiet" }, () => (list.value() ? `${count(list.value().total)} on this node` : "")) },
    () => (list.value() === undefined ? empty("Looking …") : all().length === 0 ? empty("Nobody is connected.") : undefined),
    table("Connections of this node", ["Name", "From", "Who", "Topics", "State", "Queue", "End it"], body, () => all().length > 0),
  );
}

const who = (caller) => caller?.wallet ?? caller?.name ?? caller?.user ?? caller?.kind ?? "guest";

function topics(list) {
  const body = h("tbody", {});
  const all = () => (list.value()?.topics ?? []).slice(0, 30);
  each(body, all, (one) => one.topic, (one) =>
    h("tr", {}, h("td", { class: "text" }, h("code", {}, one().topic)), h("td", { class: "number" }, () => count(one().connections))),
  );
  return panel("Topics", {}, () => (all().length === 0 ? empty("Nobody listens.") : undefined), table("Topics", ["Topic", "Listeners"], body, () => all().length > 0));
}

function sessions() {
  const list = polled("admin/sessions?all=true");
  const body = h("tbody", {});
  each(body, () => rows(list.value()).slice(0, 50), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, address(one().address)),
      h("td", {}, () => `until ${dateTime(one().expires_at)}`),
      h("td", {}, button("Revoke", async () => {
        await list.api.delete(`admin/sessions/${one.peek().id}`);
        await list.again();
        return "Revoked, and its sockets are closed";
      }, { ask: "End this session? Its wallet has to log in again." })),
    ),
  );
  return panel("Sessions", {}, () => (rows(list.value()).length === 0 ? empty("No session is open.") : undefined), table("Sessions", ["Wallet", "Valid", "End it"], body, () => rows(list.value()).length > 0));
}

function webhooks() {
  const failed = polled("/api/subscriptions/webhook-events/?status=failed");
  const deferred = polled("/api/subscriptions/webhook-events/?status=deferred");
  const all = () => [...rows(failed.value()), ...rows(deferred.value())];
  const body = h("tbody", {});
  each(body, all, (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => one().event_type ?? one().kind ?? one().type),
      h("td", {}, () => (one().status === "failed" ? chip("bad", "✕", "failed") : chip("warn", "◔", words(one().status)))),
      h("td", { class: "text" }, () => one().error ?? ""),
      h("td", {}, () => dateTime(one().received_at)),
      h("td", { class: "number" }, () => count(one().attempts)),
      h("td", {}, button("Replay", async () => {
        await failed.api.post(`/api/subscriptions/webhook-events/${one.peek().id}/replay/`);
        await Promise.all([failed.again(), deferred.again()]);
        return "Replayed";
      })),
    ),
  );
  return panel(
    "Webhooks that need attention",
    { wide: true },
    () => (failed.missing() ? empty("This hub takes no webhooks.") : all().length === 0 ? empty("None: everything that came was applied.") : undefined),
    table("Webhooks", ["Event", "State", "Why", "Received", "Attempts", "Try again"], body, () => all().length > 0),
  );
}

function servers() {
  const list = polled("/api/subscriptions/server-sessions/?status=open&limit=100");
  const body = h("tbody", {});
  each(body, () => rows(list.value()), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => one().game),
      h("td", {}, () => one().owner_discord_id),
      h("td", {}, () => words(one().status)),
      h("td", {}, button("Stop", async () => {
        await list.api.post(`/api/subscriptions/server-sessions/${one.peek().id}/stop/`, { reason: "operator" });
        await list.again();
        return "Stopping";
      }, { ask: "Stop this server? Its players are thrown out." })),
    ),
  );
  return panel("Server sessions", {}, () => (list.missing() ? empty("This hub runs no servers.") : rows(list.value()).length === 0 ? empty("None is open.") : undefined), table("Server sessions", ["Game", "Whose", "State", "End it"], body, () => rows(list.value()).length > 0));
}

function plans() {
  const list = polled("/api/subscriptions/plans/");
  const body = h("tbody", {});
  each(body, () => rows(list.value()), (one) => one.tier, (one) =>
    h("tr", {}, h("td", {}, () => one().name), h("td", { class: "number" }, () => `$${amount(one().monthly_price_usd)}`), h("td", { class: "number" }, () => `${count(one().monthly_server_minutes)} min`)),
  );
  const tiers = () => rows(list.value()).map((plan) => plan.tier);
  return panel(
    "Plans and comps",
    {},
    () => (list.missing() ? empty("This hub has no plans.") : undefined),
    table("Plans", ["Plan", "A month", "Minutes"], body, () => rows(list.value()).length > 0),
    () =>
      tiers().length === 0
        ? undefined
        : h(
            "details",
            {},
            h("summary", {}, "Give somebody a plan"),
            form(
              "Give somebody a plan",
              "Give",
              async ({ user, tier, months, note }) => {
                await list.api.post(`/api/subscriptions/users/${encodeURIComponent(user)}/comps/`, { tier, months: Number(months), note });
                return "Given";
              },
              h(
                "div",
                { class: "side" },
                field("Discord id", h("input", { type: "text", name: "user", required: true, inputmode: "numeric", pattern: "\\d{1,20}" })),
                field("Plan", h("select", { name: "tier" }, tiers().map((tier) => h("option", { value: tier }, tier)))),
                field("Months", h("input", { type: "number", name: "months", min: "1", max: "120", value: "1", required: true })),
              ),
              field("Why", h("input", { type: "text", name: "note", required: true, maxlength: "200" }), "It stands in the audit."),
            ),
          ),
  );
}

