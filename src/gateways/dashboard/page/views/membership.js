// Membership: the plan, its minutes, server sessions as they live, and what they cost.

import { cents, count, clock, date, dateTime, span, words } from "../format.js";
import { guest, member, signOut, speakAs, whoAmI } from "../live.js";
import { memberStore, obstacle } from "../member.js";
import { button, chip, copied, empty, field, form, panel, table } from "../parts.js";
import { serverChip } from "../servers.js";
import { each, effect, h, onEnd, scope, signal } from "../signals.js";

/** How long a checkout may take to show here before its page says how to go on. */
const CONFIRM_MS = 15_000;
/** When the hub is asked again what became of it. */
const ASK_AGAIN_MS = 5_000;

export function view({ now }) {
  const place = h("div", { class: "view" });
  const me = signal(undefined);
  const looked = signal(false);
  let shown;
  effect(() => {
    const session = member();
    looked.set(!session);
    me.set(undefined);
    if (!session) return;
    whoAmI(session)
      .then((user) => me.set(user), (error) => error.status === 401 && signOut())
      .finally(() => looked.set(true));
  });
  effect(() => {
    const user = me();
    const known = looked();
    shown?.end();
    shown = scope();
    place.replaceChildren(...shown.in(() => [h("h1", {}, "Membership"), ...(user ? inside(user, now) : known ? outside() : [empty("Looking …")])]));
  });
  onEnd(() => shown?.end());
  return place;
}

// ---- for those who are not signed in ---------------------------------------------------------------------------------

function outside() {
  const plans = signal(undefined);
  guest.get("/api/subscriptions/plans/").then((body) => plans.set(body.plans ?? []), () => plans.set([]));
  const discord = signal(false);
  guest.get("/api/v1/sign-in").then((body) => discord.set(body.discord), () => {});
  const token = h("input", { type: "password", name: "token", required: true, autocomplete: "off" });
  return [
    panel(
      "Sign in",
      {},
      () =>
        discord()
          ? [
              h("p", {}, h("a", { class: "button main", href: `/api/v1/sign-in/discord?return_to=${encodeURIComponent("/app/?signed_in")}` }, "Sign in with Discord")),
              h("p", { class: "quiet" }, "or with a token:"),
            ]
          : undefined,
      form(
        "Sign in with a token",
        "Sign in",
        async ({ token }) => {
          const user = await whoAmI({ token });
          speakAs({ member: { token } });
          return `Signed in as ${user.display_name ?? user.username ?? user.discord_user_id}`;
        },
        field("Token", token, "Your community's bot gives you one. It stays in this tab."),
      ),
    ),
    panel("Plans", {}, () => (plans()?.length === 0 ? empty("This hub sells no plans.") : undefined), planCards(() => plans() ?? [], () => undefined)),
  ];
}

function planCards(plans, buy) {
  const list = h("ul", { class: "cards", "aria-label": "Plans" });
  each(list, plans, (plan) => plan.tier, (plan) =>
    h(
      "li",
      { class: "card" },
      h("h3", {}, () => plan().name),
      h("p", { class: "price" }, () => `$${plan().monthly_price_usd}`, h("small", {}, " a month")),
      h("p", {}, () => plan().description),
      h("ul", { class: "benefits" }, () => [
        h("li", {}, `${count(plan().monthly_server_minutes)} server minutes a month`),
        h("li", {}, `servers of up to ${span(plan().max_session_minutes * 60)}`),
        h("li", {}, plan().max_concurrent_servers === 1 ? "one server at a time" : `${plan().max_concurrent_servers} servers at a time`),
        plan().benefits.map((line) => h("li", {}, line)),
      ]),
      () => buy(plan()),
    ),
  );
  return list;
}

// ---- for members -----------------------------------------------------------------------------------------------------

function inside(me, now) {
  const store = memberStore(me);
  return [
    h(
      "div",
      { class: "actions" },
      h("span", {}, "Signed in as ", h("strong", {}, me.display_name || me.username || me.discord_user_id)),
      button("Sign out", signOut, { kind: "plain" }),
    ),
    confirming(store, now),
    h("div", { role: "alert" }, () => store.faults().map((text) => h("p", { class: "notice" }, `△ Some of this could not be read: ${text}`))),
    h("div", { class: "two" }, planPanel(store, now), launchPanel(store)),
    sessionsPanel(store, now),
    h("div", { class: "two" }, historyPanel(store), ledgerPanel(store)),
    purchasesPanel(store),
    panel("Plans", { wide: true }, planCards(() => store.plans(), (plan) => buyButton(store, plan))),
  ];
}

/** After a checkout: the address alone proves nothing, so this waits until the plan is really there. */
function confirming(store, now) {
  const id = new URLSearchParams(location.search).get("checkout_id");
  if (!id) return h("div", { hidden: true });
  const begun = Date.now();
  // At once, and again for a payment that took its time: a webhook that was lost holds nobody up.
  void store.returned(id);
  const again = setTimeout(() => void store.returned(id), ASK_AGAIN_MS);
  onEnd(() => clearTimeout(again));
  return h("div", { role: "status" }, () => {
    if (store.access()?.active) return h("p", { class: "chip good" }, "✓ Your plan is active. Thank you!");
    if (now() - begun > CONFIRM_MS) return h("p", { class: "notice" }, "The payment is not confirmed yet. It shows here as soon as it is; nothing needs to be paid again.");
    return h("p", { class: "notice" }, "◔ Confirming your payment …");
  });
}

function buyButton(store, plan) {
  const current = store.access()?.tier === plan.tier;
  if (current) return chip("good", "✓", "your plan");
  if (plan.polar_product_id) {
    return store.access()?.provider === "polar"
      ? button("Change to this plan", () => store.change(plan.tier).then(() => "Changing your plan"), { kind: "main", ask: `Change to ${plan.name} now? The price changes with it.` })
      : button("Subscribe", async () => location.assign((await store.checkout(plan.tier)).url), { kind: "main" });
  }
  const contract = plan.products.find((product) => product.provider === "contract");
  if (contract) return h("a", { class: "button main", href: `#/contracts/${contract.product_id}` }, "Subscribe with your wallet");
  return h("p", { class: "quiet" }, "Ask the community how to get it.");
}

const STATES = {
  active: ["good", "●", "active"],
  trialing: ["good", "◐", "trial"],
  past_due: ["bad", "△", "payment failed"],
  canceled: ["off", "○", "canceled"],
  expired: ["off", "○", "expired"],
  inactive: ["off", "○", "inactive"],
};

function planPanel(store, now) {
  const { access } = store;
  const until = () => {
    const a = access();
    if (a.status === "past_due") return `works until ${dateTime(a.grace_until)}`;
    if (a.cancel_at_period_end || (!a.renews_at && a.ends_at)) return `ends ${date(a.ends_at ?? a.period_end)}`;
    return `renews ${date(a.renews_at ?? a.period_end)}`;
  };
  return panel("Your plan", { id: "plan" }, () => {
    const a = access();
    if (store.absent().has("plans")) return empty("This hub has no plans.");
    if (!a) return empty("Looking …");
    if (!a.active) return empty("You have no plan at the moment.");
    return [
      h("p", {}, h("strong", {}, a.plan), " ", chip(...(a.cancel_at_period_end ? ["warn", "◐", "cancels at period end"] : (STATES[a.status] ?? ["off", "○", words(a.status)])))),
      h("p", { class: "quiet" }, until()),
      minutes(a, now),
      h("div", { class: "actions" }, a.provider === "polar" ? button(a.status === "past_due" ? "Fix the payment" : "Manage billing", async () => location.assign((await store.portal()).url), { kind: a.status === "past_due" ? "main" : "" }) : undefined),
    ];
  });
}

/** Used, held and left, as a bar with its numbers beside it. */
function minutes(a) {
  const all = Math.max(a.monthly_server_minutes, a.used_server_minutes + a.reserved_server_minutes, 1);
  const width = (value) => `${(Math.max(0, value) / all) * 100}%`;
  const used = Math.max(0, a.used_server_minutes);
  return [
    h(
      "div",
      { class: "bar", role: "img", "aria-label": `${used} minutes used, ${a.reserved_server_minutes} held by open servers, ${a.available_server_minutes} left of ${a.monthly_server_minutes}` },
      h("span", { class: "used", style: { width: width(used) } }),
      h("span", { class: "reserved", style: { width: width(a.reserved_server_minutes) } }),
    ),
    h(
      "p",
      { class: "key", id: "minutes" },
      h("span", { class: "used" }, h("i", { "aria-hidden": "true" }), h("b", {}, count(used)), " used"),
      h("span", { class: "reserved" }, h("i", { "aria-hidden": "true" }), h("b", {}, count(a.reserved_server_minutes)), " held"),
      h("span", {}, h("i", { "aria-hidden": "true" }), h("b", {}, count(a.available_server_minutes)), ` left of ${count(a.monthly_server_minutes)}`),
      a.usage_window_end ? h("span", {}, `new minutes ${date(a.usage_window_end)}`) : undefined,
    ),
  ];
}

function launchPanel(store) {
  const why = () => obstacle(store.access(), store.open(), store.games());
  const most = () => Math.min(store.access()?.max_session_minutes ?? 0, store.access()?.available_server_minutes ?? 0);
  const game = () => {
    const list = store.games()?.list ?? [];
    if (list.length === 0) return h("input", { type: "text", name: "game_code", maxlength: "32", required: true, autocomplete: "off" });
    return h("select", { name: "game_code" }, list.map((one) => h("option", { value: one.gameCode }, one.name ?? one.gameCode)));
  };
  // By itself, so that what is typed outlives the next event.
  const can = signal(undefined);
  effect(() => can.set(why()));
  const listed = signal(0);
  effect(() => listed.set(store.games()?.list.length ?? 0));
  return panel("Launch a server", {}, () => {
    if (can()) return h("p", { class: "notice", id: "obstacle" }, can());
    listed();
    return form(
      "Launch a server",
      "Launch",
      async (values) => {
        const body = { game_code: values.game_code, requested_minutes: Number(values.minutes), comment: values.comment || "CasualPB" };
        if (values.password) body.password = values.password;
        await store.start(body);
        return "Launching";
      },
      field("Game", game()),
      h(
        "div",
        { class: "side" },
        field("Minutes", h("input", { type: "number", name: "minutes", min: "1", max: String(store.access.peek().max_session_minutes), value: String(most()), required: true })),
        field("Name", h("input", { type: "text", name: "comment", maxlength: "120", value: "CasualPB", autocomplete: "off" })),
      ),
      field("Password", h("input", { type: "text", name: "password", maxlength: "80", autocomplete: "off" }), "Made for you when it is empty."),
    );
  });
}

const STEPS = [["pending", "requested"], ["launching", "starting"], ["running", "ready"]];

function sessionsPanel(store, now) {
  const list = h("ul", { class: "cards", "aria-label": "Your servers" });
  each(list, () => store.open(), (one) => one.id, (one) => sessionCard(one, store, now));
  return panel("Your servers", { wide: true }, () => (store.open().length === 0 ? empty("None is running.") : undefined), list);
}

function sessionCard(one, store, now) {
  const seen = signal(false);
  const left = () => (Date.parse(one().time_limit_at ?? one().expires_at) - now()) / 1000;
  return h(
    "li",
    { class: "card" },
    h("div", { class: "card-top" }, h("strong", {}, () => one().comment || one().game), () => serverChip(one().status)),
    h("p", { class: "quiet" }, () => one().game),
    () =>
      one().status === "running"
        ? [h("p", { class: "countdown" }, () => (Number.isNaN(left()) ? "–" : clock(left()))), h("p", { class: "quiet" }, () => `left; ready for ${span((now() - Date.parse(one().ready_at)) / 1000)}`)]
        : h("ol", { class: "steps" }, STEPS.map(([status, name]) => h("li", { "aria-current": one().status === status ? "step" : undefined }, `${one().status === status ? "◔ " : ""}${name}`))),
    () => (one().host ? copied(one().port ? `${one().host}:${one().port}` : one().host, "the address") : undefined),
    () =>
      one().password
        ? h("p", { class: "secret" }, "Password ", () => (seen() ? copied(one().password, "the password") : "••••••"), h("button", { type: "button", class: "plain", "aria-pressed": () => String(seen()), onclick: () => seen.set(!seen.peek()) }, () => (seen() ? "Hide" : "Show")))
        : undefined,
    h("div", { class: "actions" }, button("Stop", () => store.stop(one.peek().id).then(() => "Stopping"), { kind: "bad", disabled: () => one().status === "stopping", ask: "Stop this server? Only the minutes that it ran are charged." })),
  );
}

const ended = (one) => {
  if (one.status === "failed") return one.launch_error_message || words(one.launch_error_code) || words(one.stop_reason) || "it never started";
  return words(one.stop_reason) || words(one.status);
};

function historyPanel(store) {
  const body = h("tbody", {});
  each(body, () => store.past(), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => dateTime(one().started_at)),
      h("td", {}, () => one().comment || one().game),
      h("td", {}, () => serverChip(one().status), h("div", { class: "quiet" }, () => ended(one()))),
      h("td", { class: "number" }, () => (one().billed_minutes === null || one().billed_minutes === undefined ? "–" : `${one().billed_minutes} min`)),
    ),
  );
  return panel("History", {}, () => (store.past().length === 0 ? empty("No server has ended yet.") : undefined), table("Servers that ended", ["Started", "Server", "How it ended", "Charged"], body, () => store.past().length > 0));
}

function ledgerPanel(store) {
  const body = h("tbody", {});
  each(body, () => store.usage(), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => dateTime(one().at)),
      h("td", {}, () => words(one().reason)),
      h("td", { class: "number" }, () => `${one().minutes > 0 ? "−" : "+"}${Math.abs(one().minutes)} min`),
    ),
  );
  return panel("Ledger of minutes", {}, () => (store.usage().length === 0 ? empty("Nothing was charged in this period.") : undefined), table("Ledger of minutes", ["When", "Why", "Minutes"], body, () => store.usage().length > 0));
}

/** What was paid; nothing where nobody ever pays. */
function purchasesPanel(store) {
  const body = h("tbody", {});
  each(body, () => store.purchases(), (one) => one.id, (one) =>
    h(
      "tr",
      {},
      h("td", {}, () => dateTime(one().ordered_at)),
      h("td", {}, () => words(one().reason) || "payment", () => (one().invoice ? h("div", { class: "quiet" }, one().invoice) : undefined)),
      h("td", {}, () => words(one().status)),
      h("td", { class: "number" }, () => cents(one().amount_cents, one().currency), () => (one().refunded_cents > 0 ? h("div", { class: "quiet" }, `${cents(one().refunded_cents, one().currency)} given back`) : undefined)),
    ),
  );
  return h("div", {}, () => (store.purchases().length > 0 ? panel("Payments", { wide: true }, table("What you paid", ["When", "What for", "How it stands", "Amount"], body)) : undefined));
}
