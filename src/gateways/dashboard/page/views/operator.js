// Operator: what needs attention. Everything here asks for an admin key.

import { amount, count, date, dateTime, latency, words } from "../format.js";
import { apiOf, operator, ops, speakAs } from "../live.js";
import { operatorStore } from "../ops.js";
import { address, button, chip, empty, field, figure, figures, form, panel, table } from "../parts.js";
import { serverChip } from "../servers.js";
import { each, effect, h, onEnd, scope } from "../signals.js";

/** Sessions and connections that are shown; the newest come first. */
const SHOWN_MAX = 50;

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

function inside(now) {
  const store = operatorStore(now);
  const { alive, total } = store;
  return [
    figures(
      figure("Connections", () => count(total((node) => node.connections)), () => `${count(total((node) => node.node.behind))} behind`),
      figure("Topics", () => count(total((node) => node.topics)), () => `${count(total((node) => node.node.groups))} groups`),
      figure("Head of the log", () => count(Math.max(0, ...alive().map((node) => node.node.head))), () => (alive().length === 1 ? "one node" : `${alive().length} nodes`)),
      figure("Relay lag", () => count(Math.max(0, ...alive().map((node) => node.node.relay_lag))), "events known, not handed on yet"),
      figure("99 of 100 within", () => latency(Math.max(0, ...alive().map((node) => node.latency_p99_us ?? 0)) || undefined), "commit to delivery"),
      figure("In memory", () => count(total((node) => node.node.ring_events)), () => `${(total((node) => node.node.ring_bytes) / 1_048_576).toFixed(1)} MiB of events`),
      figure("Sent", () => `${(total((node) => node.node.sent_bytes) / 1024).toFixed(0)} KiB`, "a second"),
    ),
    webhooks(store),
    connections(store),
    h("div", { class: "two" }, topics(store), sessions(store)),
    h("div", { class: "two" }, servers(store), plans(store)),
    comps(store),
    panel("What needs attention", { wide: true }, h("p", { class: "quiet" }, "Failed webhooks, drift, stopped orphans, reports that can't be, moved clocks: what the log has of them."), store.news.view),
    panel("What operators did", { wide: true, id: "audit" }, h("p", { class: "quiet" }, "Each act with whose key it was. It is kept for as long as the log is."), store.acts.view),
  ];
}

/** What stands in the place of a list that is empty, unknown, or not there. */
const instead = (list, nothing, absent = nothing) => () =>
  list.absent() ? empty(absent) : !list.known() ? empty("Looking …") : list.all().length === 0 ? empty(nothing) : undefined;

function connections({ census, kick }) {
  const body = h("tbody", {});
  const all = () => census()?.connections ?? [];
  each(body, () => all().slice(0, SHOWN_MAX), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, h("code", {}, one().id)),
      h("td", {}, () => one().peer),
      h("td", {}, () => who(one().caller)),
      h("td", { class: "text" }, () => one().topics.slice(0, 4).join(", ") + (one().topics.length > 4 ? ` and ${one().topics.length - 4} more` : "")),
      h("td", {}, () => (one().live ? chip("good", "●", "live") : chip("warn", "◔", `behind by ${count(Math.max(0, (census()?.head ?? 0) - one().position))}`))),
      h("td", { class: "number" }, () => `${count(one().queued_bytes)} B`),
      h("td", {}, button("Kick", async () => {
        await kick(one.peek().id);
        return "Its socket is closed; a good client comes back by itself";
      }, { title: "End this connection" })),
    ),
  );
  return panel(
    "Connections",
    { wide: true, tools: h("span", { class: "quiet" }, () => (census() ? `${count(census().total)} on this node` : "")) },
    () => (census() === undefined ? empty("Looking …") : all().length === 0 ? empty("Nobody is connected.") : undefined),
    table("Connections of this node", ["Name", "From", "Who", "Topics", "State", "Queue", "End it"], body, () => all().length > 0),
  );
}

const who = (caller) => caller?.wallet ?? caller?.name ?? caller?.user ?? caller?.kind ?? "guest";

function topics({ census }) {
  const body = h("tbody", {});
  const all = () => (census()?.topics ?? []).slice(0, 30);
  each(body, all, (one) => one.topic, (one) =>
    h("tr", {}, h("td", { class: "text" }, h("code", {}, one().topic)), h("td", { class: "number" }, () => count(one().connections))),
  );
  return panel("Topics", {}, () => (all().length === 0 ? empty("Nobody listens.") : undefined), table("Topics", ["Topic", "Listeners"], body, () => all().length > 0));
}

function sessions({ sessions: list, revoke }) {
  const body = h("tbody", {});
  each(body, () => list.all().slice(0, SHOWN_MAX), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, address(one().address)),
      h("td", {}, () => `until ${dateTime(one().expires_at)}`),
      h("td", {}, button("Revoke", async () => {
        await revoke(one.peek().id);
        return "Revoked, and its sockets are closed";
      }, { ask: "End this session? Its wallet has to log in again." })),
    ),
  );
  return panel("Sessions", {}, instead(list, "No session is open."), table("Sessions", ["Wallet", "Valid", "End it"], body, () => list.all().length > 0));
}

function webhooks({ webhooks: list, replay }) {
  const body = h("tbody", {});
  each(body, list.all, (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => one().type),
      h("td", {}, () => (one().status === "failed" ? chip("bad", "✕", "failed") : chip("warn", "◔", words(one().status)))),
      h("td", { class: "text" }, () => words(one().code).toLowerCase()),
      h("td", {}, () => dateTime(one().received_at)),
      h("td", {}, button("Replay", async () => {
        const event = await replay(one.peek().id);
        return `${event.type} is ${words(event.status)}`;
      }, { title: "Try to apply it now" })),
    ),
  );
  return panel(
    "Webhooks that need attention",
    { wide: true },
    instead(list, "None: everything that came was applied.", "This hub takes no webhooks."),
    table("Webhooks", ["Event", "State", "Why", "Received", "Try again"], body, () => list.all().length > 0),
  );
}

function servers({ servers: list, stop }) {
  const body = h("tbody", {});
  each(body, list.all, (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => one().game),
      h("td", {}, () => one().owner_discord_id),
      h("td", {}, () => serverChip(one().status)),
      h("td", {}, button("Stop", async () => {
        await stop(one.peek().id);
        return "Stopping";
      }, { ask: "Stop this server? Its players are thrown out." })),
    ),
  );
  return panel("Server sessions", {}, instead(list, "None is open.", "This hub runs no servers."), table("Server sessions", ["Game", "Whose", "State", "End it"], body, () => list.all().length > 0));
}

function plans({ plans: list }) {
  const body = h("tbody", {});
  const sorted = () => list.all().sort((a, b) => a.display_order - b.display_order || a.monthly_price_usd - b.monthly_price_usd);
  each(body, sorted, (one) => one.tier, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => one().name),
      h("td", { class: "number" }, () => `$${amount(one().monthly_price_usd)}`),
      h("td", { class: "number" }, () => `${count(one().monthly_server_minutes)} min`),
      h("td", {}, () => (one().is_active ? chip("good", "●", "for sale") : chip("off", "○", "not for sale"))),
    ),
  );
  return panel("Plans", { id: "offers" }, instead(list, "This hub has no plans."), table("Plans", ["Plan", "A month", "Minutes", "State"], body, () => list.all().length > 0));
}

function comps(store) {
  const { comps: list, end } = store;
  const body = h("tbody", {});
  each(body, list.all, (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => one().discord_user_id),
      h("td", {}, () => one().plan),
      h("td", {}, () => (one().ended ? chip("off", "○", "ended") : chip("good", "●", `until ${date(one().period_end)}`))),
      h("td", { class: "text" }, () => one().note ?? ""),
      h("td", { class: "text" }, () => one().granted_by ?? "–"),
      h("td", { hidden: () => one().ended }, button("End", async () => {
        await end(one.peek());
        return "Ended";
      }, { ask: "End this gift now? What it brings is gone at once." })),
      h("td", { hidden: () => !one().ended }, "–"),
    ),
  );
  return panel(
    "Comps",
    { wide: true },
    instead(list, "Nobody was given a plan."),
    table("Comps", ["Whose", "Plan", "State", "Why", "Given by", "End it"], body, () => list.all().length > 0),
    giving(store),
  );
}

function giving({ plans, give }) {
  const tier = h("select", { name: "tier" });
  each(tier, plans.all, (plan) => plan.tier, (plan) => h("option", { value: plan.peek().tier }, () => plan().name));
  return h(
    "details",
    { hidden: () => plans.all().length === 0 },
    h("summary", {}, "Give somebody a plan"),
    form(
      "Give somebody a plan",
      "Give",
      async ({ user, tier, months, note }) => {
        await give(user, { tier, months: Number(months), note });
        return "Given";
      },
      h(
        "div",
        { class: "side" },
        field("Discord id", h("input", { type: "text", name: "user", required: true, inputmode: "numeric", pattern: "\\d{1,20}" })),
        field("Plan", tier),
        field("Months", h("input", { type: "number", name: "months", min: "1", max: "120", value: "1", required: true })),
      ),
      field("Why", h("input", { type: "text", name: "note", required: true, maxlength: "200" }), "It stands in the audit."),
    ),
  );
}
