// Contracts: browse what is offered, one contract with who subscribes and what happens on it, offer and change one's own.

import { feed, fillFeed } from "../feed.js";
import { amount, date, dateTime, schedule } from "../format.js";
import { apiOf, open, wallet } from "../live.js";
import { address, button, contractChip, empty, field, figure, figures, form, panel, subscriptionChip, table } from "../parts.js";
import { each, effect, h, signal } from "../signals.js";
import { contractStore, contractsStore } from "../stores.js";

export function view({ rest }) {
  if (rest[0] === "new") return offer();
  return rest[0] ? one(rest[0]) : browse();
}

function browse() {
  const store = contractsStore();
  const filter = signal("");
  const status = signal("open");
  const found = () =>
    store
      .all()
      .filter((contract) => (status() === "all" || contract.status === status()) && fits(contract, filter()))
      .sort((a, b) => b.contract_id - a.contract_id)
      .slice(0, 200);
  const search = h("input", { type: "search", placeholder: "a title, an address …", oninput: () => filter.set(search.value.trim().toLowerCase()) });
  const which = h(
    "select",
    { onchange: () => status.set(which.value) },
    [["open", "open"], ["closed", "closed to new"], ["canceled", "canceled"], ["all", "all"]].map(([value, name]) => h("option", { value }, name)),
  );
  const list = h("ul", { class: "cards", "aria-label": "Contracts" });
  each(list, found, (contract) => contract.contract_id, card);
  return h(
    "div",
    { class: "view" },
    h("h1", {}, "Contracts"),
    h("p", { class: "quiet" }, "An offer with a price and a schedule. Whoever subscribes pays the first term at once, and each next one when it is due."),
    panel(
      "Offers",
      { tools: h("div", { class: "tools" }, field("Search", search), field("Show", which), h("a", { class: "button main", href: "#/contracts/new" }, "Offer a contract")) },
      () => (found().length === 0 ? empty(store.loaded() ? "Nothing here. Offer the first one." : "Looking …") : undefined),
      list,
    ),
  );
}

const fits = (contract, text) => !text || `${contract.title} ${contract.description ?? ""} ${contract.address} ${contract.contract_id}`.toLowerCase().includes(text);

function card(contract) {
  const id = contract().contract_id;
  return h(
    "li",
    { class: "card" },
    h("div", { class: "card-top" }, h("a", { class: "title", href: `#/contracts/${id}` }, () => contract().title), () => contractChip(contract().status)),
    h("p", { class: "text" }, () => contract().description ?? ""),
    h("p", {}, h("strong", {}, () => amount(contract().price)), () => ` ${schedule(contract())}`),
    h("p", { class: "quiet" }, "paid to ", address(contract().address), () => (contract().restricted ? ", for those who are invited" : "")),
  );
}

function one(id) {
  const store = contractStore(id);
  const { contract } = store;
  const events = feed({ label: "What happened on this contract" });
  open.listen([`contract:${id}`], { "*": (event) => events.add(event) });
  void fillFeed(open.api, [`contract:${id}`], events, 100_000).catch(() => {});
  const yours = () => wallet() && contract()?.address === wallet().address;
  const mineHere = () => store.subscribers().find((one) => one.address === wallet()?.address && one.status !== "canceled");
  const running = () => store.subscribers().filter((one) => one.status !== "canceled");
  // By itself, so that what is typed there outlives the next event.
  const editable = signal(false);
  effect(() => editable.set(Boolean(yours() && contract().status !== "canceled")));
  const body = h("tbody", {});
  each(body, () => store.subscribers().sort((a, b) => b.subscription_id - a.subscription_id), (one) => one.subscription_id, subscriberRow);
  return h(
    "div",
    { class: "view" },
    h("p", { class: "crumb" }, h("a", { href: "#/contracts" }, "← All contracts")),
    h("h1", {}, () => (store.missing() ? "There is no such contract" : (contract()?.title ?? "Looking …"))),
    h("p", { class: "text" }, () => contract()?.description ?? ""),
    figures(
      figure("Price", () => amount(contract()?.price), () => (contract() ? schedule(contract()) : "")),
      figure("State", () => (contract() ? contractChip(contract().status) : "–"), () => (contract() ? `since ${date(contract().created_at)}` : "")),
      figure("Subscribers", () => String(running().length), () => (contract()?.max_subscribers ? `of ${contract().max_subscribers} at most` : "no limit")),
      figure("Paid to", () => (contract() ? h("a", { href: `#/wallet/${contract().address}` }, address(contract().address)) : "–")),
    ),
    h("div", { class: "actions big" }, () => actions(id, contract(), { yours: yours(), held: mineHere(), api: store.api })),
    () => (editable() ? edit(contract.peek(), store.api) : undefined),
    h(
      "div",
      { class: "two" },
      panel("Who subscribes", {}, () => (store.subscribers().length === 0 ? empty("Nobody yet.") : undefined), table("Subscribers", ["Wallet", "State", "Price", "Paid until"], body, () => store.subscribers().length > 0)),
      panel("What happened", {}, events.view),
    ),
  );
}

function subscriberRow(one) {
  return h(
    "tr",
    {},
    h("td", {}, () => (one().address ? h("a", { href: `#/wallet/${one().address}` }, address(one().address)) : "private")),
    h("td", {}, () => subscriptionChip(one().status)),
    h("td", { class: "number" }, () => amount(one().price)),
    h("td", {}, () => (one().status === "canceled" ? `ended ${date(one().ended_at)}` : dateTime(one().lapsed_at))),
  );
}

function actions(id, contract, { yours, held, api }) {
  if (!contract) return undefined;
  if (yours) {
    const change = (status, done) => () => api.patch(`contracts/${id}`, { status }).then(() => done);
    return [
      contract.status === "open" ? button("Close to new subscribers", change("closed", "Closed: those who are in stay in")) : undefined,
      contract.status === "closed" ? button("Open again", change("open", "Open again")) : undefined,
      contract.status !== "canceled"
        ? button("Cancel the contract", () => api.delete(`contracts/${id}`).then(() => "Canceled"), { kind: "bad", ask: "Cancel this contract for good? All its subscriptions end at once." })
        : undefined,
    ];
  }
  if (held) return h("p", {}, "You subscribe to this. ", h("a", { href: "#/wallet" }, "See it in your wallet"));
  if (contract.status !== "open") return undefined;
  if (!wallet.peek()) return h("a", { class: "button main", href: "#/wallet" }, "Log in to subscribe");
  return button(
    `Subscribe for ${amount(contract.price)}`,
    () => api.post(`contracts/${id}/subscribers`, { max_price: String(contract.price) }).then(() => "Subscribed, and the first term is paid"),
    { kind: "main", ask: `Pay ${amount(contract.price)} now, and again ${schedule(contract)}?` },
  );
}

// ---- offering and changing -------------------------------------------------------------------------------------------

const UNITS = [["seconds", 1], ["minutes", 60], ["hours", 3600], ["days", 86_400], ["weeks", 604_800], ["months", 0]];

function termsFields(contract) {
  const seconds = contract?.period_seconds;
  const [unit] = contract?.period_months ? UNITS.at(-1) : (UNITS.slice(0, -1).findLast(([, size]) => seconds && seconds % size === 0) ?? UNITS.at(-1));
  const size = UNITS.find(([name]) => name === unit)[1];
  const number = contract ? (contract.period_months ?? (seconds ? seconds / size : "")) : 1;
  return [
    field("Title", h("input", { type: "text", name: "title", required: true, maxlength: "64", value: contract?.title ?? "", autocomplete: "off" })),
    field("Description", h("textarea", { name: "description", rows: "2", maxlength: "255", value: contract?.description ?? "" })),
    h(
      "div",
      { class: "side" },
      field("Price", h("input", { type: "text", name: "price", required: true, inputmode: "decimal", pattern: "\\d+(\\.\\d{1,5})?", value: contract ? String(contract.price) : "", placeholder: "2.50" })),
      contract?.cron_expr
        ? field("Due at (cron)", h("input", { type: "text", name: "cron", required: true, value: contract.cron_expr }))
        : [
            field("Every", h("input", { type: "number", name: "number", required: true, min: "1", value: String(number) })),
            field("Unit", h("select", { name: "unit" }, UNITS.map(([name]) => h("option", { value: name, selected: name === unit }, name)))),
          ],
      field("Subscribers at most", h("input", { type: "number", name: "max", min: "1", value: contract?.max_subscribers ? String(contract.max_subscribers) : "", placeholder: "no limit" })),
    ),
  ];
}

function termsOf({ title, description, price, number, unit, cron, max }) {
  const size = UNITS.find(([name]) => name === unit)?.[1];
  const period = cron ? { cron_expr: cron } : size ? { period_seconds: Number(number) * size } : { period_months: Number(number) };
  return { title, description: description || null, price, max_subscribers: max ? Number(max) : null, ...period };
}

function offer() {
  if (!wallet()) return h("div", { class: "view" }, h("h1", {}, "Offer a contract"), h("p", {}, h("a", { href: "#/wallet" }, "Log in"), " with the wallet that is to be paid."));
  const api = apiOf(wallet.peek());
  return h(
    "div",
    { class: "view" },
    h("p", { class: "crumb" }, h("a", { href: "#/contracts" }, "← All contracts")),
    h("h1", {}, "Offer a contract"),
    panel(
      "Terms",
      {},
      form(
        "Offer a contract",
        "Offer it",
        async (values) => {
          const { max_subscribers: max, ...terms } = termsOf(values);
          const made = await api.post("contracts", max === null ? terms : { ...terms, max_subscribers: max });
          location.hash = `#/contracts/${made.contract_id}`;
          return "Offered";
        },
        termsFields(undefined),
      ),
    ),
  );
}

function edit(contract, api) {
  return h(
    "details",
    { class: "panel" },
    h("summary", {}, "Change the terms"),
    h("p", { class: "quiet" }, "A higher price or another schedule needs the consent of those who already subscribe."),
    form(
      "Change the terms",
      "Save",
      async (values) => {
        const wanted = termsOf(values);
        const changed = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => String(contract[name] ?? "") !== String(value ?? "")));
        if (Object.keys(changed).length === 0) return "Nothing is different";
        await api.patch(`contracts/${contract.contract_id}`, changed);
        return "Saved";
      },
      termsFields(contract),
    ),
  );
}
