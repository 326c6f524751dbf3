// Pieces that several views are made of.

import { amount } from "./format.js";
import { h, signal } from "./signals.js";
import { ApiError } from "./live.js";
import { toast } from "./announce.js";

/** A part of a view with a heading. */
export function panel(title, { id, tools, wide } = {}, ...children) {
  const name = id ?? title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return h(
    "section",
    { class: wide ? "panel wide" : "panel", "aria-labelledby": `h-${name}` },
    h("header", {}, h("h2", { id: `h-${name}` }, title), tools),
    ...children,
  );
}

/** A number with its name, and below it what it means. */
export function figure(name, value, more) {
  return h("div", { class: "figure" }, h("dt", {}, name), h("dd", {}, h("strong", {}, value), more ? h("span", { class: "quiet" }, more) : undefined));
}

export const figures = (...all) => h("dl", { class: "figures" }, ...all);

/** A state: its sign and its word; the colour only repeats them. */
export function chip(tone, sign, text) {
  return h("span", { class: `chip ${tone}` }, h("span", { "aria-hidden": "true" }, sign), text);
}

export const SUBSCRIPTION_CHIPS = {
  active: ["good", "●", "active"],
  pending: ["warn", "◐", "ends with the term"],
  canceled: ["off", "○", "ended"],
};

export function subscriptionChip(status) {
  const [tone, sign, text] = SUBSCRIPTION_CHIPS[status] ?? ["off", "○", status];
  return chip(tone, sign, text);
}

export function contractChip(status) {
  const known = { open: ["good", "●", "open"], closed: ["warn", "◐", "closed to new"], canceled: ["off", "○", "canceled"] };
  return chip(...(known[status] ?? ["off", "○", status]));
}

/** An input with its label, and a hint that belongs to it. */
export function field(label, input, hint) {
  const id = input.id || `f-${(field.next = (field.next ?? 0) + 1)}`;
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), input, hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : undefined);
}

/**
 * A form that sends once at a time, says what went wrong beside the button, and keeps what was typed when it fails.
 * `send` gets the values by name and gives the text of success.
 */
export function form(name, label, send, ...children) {
  const busy = signal(false);
  const fault = signal("");
  const element = h(
    "form",
    { "aria-label": name, novalidate: false, onsubmit: submit },
    ...children,
    h("p", { class: "fault", role: "alert" }, () => fault()),
    h("div", { class: "actions" }, h("button", { type: "submit", class: "main", disabled: () => busy() }, label)),
  );
  async function submit(event) {
    event.preventDefault();
    if (busy.peek()) return;
    busy.set(true);
    fault.set("");
    try {
      const text = await send(Object.fromEntries(new FormData(element)));
      element.reset();
      if (text) toast(text);
    } catch (error) {
      fault.set(explain(error));
    } finally {
      busy.set(false);
    }
  }
  return element;
}

/** A button that does one thing at a time; it asks first when that can't be taken back. */
export function button(label, act, { ask, kind = "", disabled, title } = {}) {
  const busy = signal(false);
  const element = h(
    "button",
    { type: "button", class: kind, title, disabled: () => busy() || (disabled?.() ?? false), onclick: press },
    label,
  );
  async function press() {
    if (ask && !(await confirmed(ask, typeof label === "string" ? label : "Go on"))) return;
    busy.set(true);
    try {
      const text = await act();
      if (text) toast(text);
    } catch (error) {
      toast(explain(error), { bad: true });
    } finally {
      busy.set(false);
    }
  }
  return element;
}

function confirmed(question, label) {
  const dialog = h(
    "dialog",
    { "aria-label": question },
    h("form", { method: "dialog" }, h("p", {}, question), h("div", { class: "actions" }, h("button", { value: "no", class: "plain" }, "Keep it"), h("button", { value: "yes", class: "main bad" }, label))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    }),
  );
}

/** An error in words that help. */
export function explain(error) {
  if (error instanceof ApiError) {
    if (error.status === 0) return "The hub can't be reached. Nothing is lost; try again in a moment.";
    if (error.code === "insufficient_funds") return "There is not enough money in the wallet.";
    return error.message;
  }
  console.error(error);
  return "Something on this page failed; the browser's console has the cause.";
}

export const empty = (text) => h("p", { class: "empty" }, text);

export const address = (text) => (text ? h("code", { class: "address" }, text) : "–");

/** Money that came or went, as seen from a wallet. */
export function moved(payment, own) {
  const out = payment.from === own;
  return h("span", { class: out ? "out" : "in" }, `${out ? "−" : "+"}${amount(payment.amount)}`);
}

/** A text that is copied by a click. */
export function copied(text, name) {
  return button(text, async () => {
    await navigator.clipboard.writeText(text);
    return `${name} copied`;
  }, { kind: "copy", title: `Copy ${name}` });
}

/** A table that scrolls by itself where it does not fit. */
export function table(label, heads, body, there = () => true) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": label, hidden: () => !there() },
    h("table", {}, h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), body),
  );
}
