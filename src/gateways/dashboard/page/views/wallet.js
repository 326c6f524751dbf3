// Wallet: log in with a private key, see what comes and goes, pay, and look after subscriptions.

import { amount, date, dateTime, reason, schedule, span, words } from "../format.js";
import { apiOf, guest, mine, speakAs, wallet } from "../live.js";
import { address, button, chip, copied, empty, field, figure, figures, form, moved, panel, subscriptionChip, table } from "../parts.js";
import { each, effect, h, onEnd, scope } from "../signals.js";
import { walletStore } from "../stores.js";

export function view({ rest, now }) {
  const place = h("div", { class: "view" });
  let shown;
  effect(() => {
    const session = wallet();
    shown?.end();
    shown = scope();
    const looked = rest[0];
    place.replaceChildren(
      ...shown.in(() => [
        h("h1", {}, looked && looked !== session?.address ? "Wallet" : "Your wallet"),
        ...(looked || session ? inside(looked ?? session.address, session, now) : [door()]),
        ...(looked || session ? [] : [lookUp()]),
      ]),
    );
  });
  onEnd(() => shown?.end());
  return place;
}

function door() {
  const key = h("input", { type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false" });
  return panel(
    "Log in",
    {},
    form(
      "Log in",
      "Log in",
      async ({ key }) => {
        const opened = await guest.post("login", { privatekey: key });
        speakAs({ wallet: { token: opened.token, address: opened.address, expires: opened.expires } });
        return `Logged in as ${opened.address}`;
      },
      field("Private key", key, "It is sent once, to log in, and this page forgets it at once. The first login makes the wallet."),
    ),
  );
}

function lookUp() {
  const who = h("input", { type: "text", name: "who", required: true, pattern: "k[a-z0-9]{9}|[a-f0-9]{10}", autocomplete: "off", placeholder: "k8juvewcui" });
  return panel(
    "Look at a wallet",
    {},
    form("Look at a wallet", "Show", async ({ who }) => void (location.hash = `#/wallet/${encodeURIComponent(who)}`), field("Address", who)),
  );
}

async function logOut() {
  const session = wallet.peek();
  mine.close();
  speakAs({ wallet: null });
  await apiOf(session).post("logout").catch(() => {});
}

function inside(own, session, now) {
  const store = walletStore(own);
  const yours = session?.address === own;
  const { state } = store;
  return [
    h(
      "div",
      { class: "balance-box" },
      h("div", {}, h("p", { class: "quiet" }, "Balance"), h("p", { class: "balance", id: "balance" }, () => amount(state()?.balance))),
      h(
        "div",
        { class: "who" },
        copied(own, "the address"),
        () => (state()?.locked ? chip("bad", "✕", "locked") : undefined),
        yours ? button("Log out", logOut, { kind: "plain" }) : h("a", { href: "#/wallet" }, session ? "Your own wallet" : "Log in"),
      ),
    ),
    () => (store.missing() ? empty("There is no such wallet yet. It begins with its first login or its first payment.") : undefined),
    figures(
      figure("Came in", () => amount(state()?.total_in), "in all"),
      figure("Went out", () => amount(state()?.total_out), "in all"),
      figure("Since", () => date(state()?.created_at)),
    ),
    h("div", { class: "two" }, yours ? payPanel(own, store) : undefined, subscriptionsPanel(store, yours, now)),
    paymentsPanel(own, store),
  ].map(shown);
}

/** A child that changes, as an element of its own. */
const shown = (child) => (typeof child === "function" ? h("div", {}, child) : child);

function payPanel(own, store) {
  const to = h("input", { type: "text", name: "to", required: true, autocomplete: "off", spellcheck: "false", placeholder: "k8juvewcui" });
  const sum = h("input", { type: "text", name: "amount", required: true, inputmode: "decimal", pattern: "\\d+(\\.\\d{1,5})?", autocomplete: "off", placeholder: "10.25" });
  const text = h("input", { type: "text", name: "message", maxlength: "200", autocomplete: "off" });
  return panel(
    "Pay",
    {},
    form(
      "Pay",
      "Pay",
      async ({ to, amount: sum, message }) => {
        const metadata = message ? `message=${message}` : undefined;
        const payment = await store.api.post("payments", { to, amount: sum, metadata });
        return `Paid ${amount(payment.amount)} to ${payment.to}`;
      },
      field("To", to),
      field("Amount", sum),
      field("Message", text, "Everybody can read it."),
    ),
  );
}

function paymentsPanel(own, store) {
  const body = h("tbody", {});
  each(body, () => store.payments(), (payment) => payment.id, (payment) => paymentRow(payment, own));
  return panel(
    "Payments",
    { wide: true },
    () => (store.payments().length === 0 ? empty("Nothing was paid yet.") : undefined),
    table("Payments, newest first", ["When", "With", "What for", "Amount"], body, () => store.payments().length > 0),
  );
}

function paymentRow(payment, own) {
  const { from, to, at, metadata, type } = payment();
  const other = from === own ? to : from;
  return h(
    "tr",
    {},
    h("td", {}, h("time", { datetime: at, title: at }, dateTime(at))),
    h("td", {}, h("a", { href: `#/wallet/${encodeURIComponent(other)}` }, address(other))),
    h("td", { class: "text" }, reason(metadata) || words(type)),
    h("td", { class: "number" }, moved(payment(), own)),
  );
}

function subscriptionsPanel(store, yours, now) {
  const list = h("ul", { class: "rows", "aria-label": "Subscriptions" });
  const order = { active: 0, pending: 1 };
  const sorted = () => store.subscriptions().sort((a, b) => (order[a.status] ?? 2) - (order[b.status] ?? 2) || b.subscription_id - a.subscription_id).slice(0, 30);
  each(list, sorted, (one) => one.subscription_id, (one) => subscriptionRow(one, store, yours, now));
  return panel(
    "Subscriptions",
    { tools: h("a", { href: "#/contracts" }, "Find contracts") },
    () => (store.subscriptions().length === 0 ? empty("None.") : undefined),
    list,
  );
}

function subscriptionRow(one, store, yours, now) {
  const id = one().subscription_id;
  const act = (method, path, body) => store.api.request(method, path, body === undefined ? {} : { body });
  const due = () => {
    const { status, lapsed_at: end, ended_at: ended, reason } = one();
    if (status === "canceled") return `ended ${date(ended)}${reason ? `: ${words(reason)}` : ""}`;
    const left = (Date.parse(end) - now()) / 1000;
    const when = left > 0 && left < 172_800 ? `in ${span(left)}` : dateTime(end);
    return status === "pending" ? `paid until ${when}, then it ends` : `next payment ${when}`;
  };
  return h(
    "li",
    { class: "row" },
    h(
      "div",
      {},
      h("p", {}, h("a", { href: `#/contracts/${one().contract_id}` }, `Contract ${one().contract_id}`), " ", () => subscriptionChip(one().status)),
      h("p", { class: "quiet" }, () => `${amount(one().price)} ${schedule(one())}, ${due()}`),
      () => (one().pending_change ? h("p", { class: "notice" }, `New terms: ${amount(one().pending_change.price)} ${schedule(one().pending_change)}. Without your consent it ends${one().pending_change.consent_by ? ` by ${date(one().pending_change.consent_by)}` : ""}.`) : undefined),
    ),
    yours
      ? h("div", { class: "actions" }, () => {
          const { status, pending_change: change, can_unsubscribe: free } = one();
          return [
            change && status !== "canceled" ? button("Accept terms", () => act("POST", `subscribers/${id}/accept`, { contract_version: change.contract_version }).then(() => "You agreed to the new terms"), { kind: "main" }) : undefined,
            status === "active" && free !== false ? button("Cancel", () => act("DELETE", `subscribers/${id}`).then(() => "It ends with what is paid"), { ask: "Cancel this subscription? What is paid stays yours until the end of the term." }) : undefined,
            status === "pending" ? button("Keep it", () => act("POST", `subscribers/${id}/resume`, {}).then(() => "It goes on")) : undefined,
          ];
        })
      : undefined,
  );
}
