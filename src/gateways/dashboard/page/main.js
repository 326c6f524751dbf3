// The frame around the views: which one is shown, how the link is doing, dark or light.

import { announce } from "./announce.js";
import { announceLine, line, open, wordsOf } from "./live.js";
import { append, effect, h, scope, signal } from "./signals.js";

const VIEWS = [
  ["status", "Status"],
  ["pulse", "Pulse"],
  ["wallet", "Wallet"],
  ["contracts", "Contracts"],
  ["membership", "Membership"],
  ["operator", "Operator"],
];
const THEME = "tollbell.theme";

const place = signal(read());
addEventListener("hashchange", () => place.set(read()));

function read() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  // Coming back from a checkout or a sign-in, the address has no fragment.
  const known = VIEWS.some(([view]) => view === name);
  const query = new URLSearchParams(location.search);
  if (!known && (query.has("checkout_id") || query.has("checkout") || query.has("signed_in"))) return "membership";
  return known ? [name, ...rest.map(decodeURIComponent)].join("/") : "status";
}

append(document.getElementById("nav"), [
  VIEWS.map(([view, name]) =>
    h("a", { href: `#/${view}`, "aria-current": () => (place().split("/")[0] === view ? "page" : undefined) }, name),
  ),
]);

// ---- dark and light ------------------------------------------------------------------------------------------------

const kept = localStorage.getItem(THEME);
const theme = signal(["dark", "light"].includes(kept) ? kept : "system");

function turn() {
  theme.set({ system: "dark", dark: "light", light: "system" }[theme.peek()]);
  localStorage.setItem(THEME, theme.peek());
}

effect(() => {
  if (theme() === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme();
});

// ---- the link ------------------------------------------------------------------------------------------------------

const now = signal(Date.now());
setInterval(() => now.set(Date.now()), 1000);

append(document.getElementById("line"), [
  h(
    "span",
    { class: () => `pill line-${line().state}`, title: () => wordsOf(line().state).meaning, id: "line-state" },
    h("span", { class: "sign", "aria-hidden": "true" }, () => wordsOf(line().state).sign),
    () => wordsOf(line().state).name,
    () => {
      const { state, at, inMs } = line();
      if (state !== "reconnecting" || !inMs) return undefined;
      const left = Math.ceil((at + inMs - now()) / 1000);
      return left > 0 ? `, again in ${left} s` : ", trying";
    },
  ),
  h("button", { class: "plain", type: "button", id: "theme", onclick: turn, "aria-label": () => `Theme: ${theme()}; change it` }, () =>
    ({ system: "◐", light: "☀", dark: "☾" })[theme()],
  ),
]);
effect(() => announceLine(line().state));
// The page is linked whatever it shows, so that the header tells the truth.
void open.hub;

const banner = h("aside", { id: "banner", "aria-label": "The link to the hub", class: () => (["reconnecting", "stopped", "paused"].includes(line().state) ? "banner" : "banner gone") }, () => {
  const { meaning, name } = wordsOf(line().state);
  return `${name}: ${meaning}.`;
});
document.querySelector(".top").after(banner);
effect(() => (document.body.dataset.line = line().state));

// ---- views ---------------------------------------------------------------------------------------------------------

const main = document.getElementById("main");
let shown;
let first = true;

effect(() => {
  const [name, ...rest] = place().split("/");
  void show(name, rest);
});

async function show(name, rest) {
  const turn = (show.turn = (show.turn ?? 0) + 1);
  const { view } = await import(`./views/${name}.js`);
  if (turn !== show.turn) return;
  shown?.end();
  shown = scope();
  const title = VIEWS.find(([view]) => view === name)[1];
  document.title = `${title} · tollbell`;
  const content = shown.in(() => view({ rest, now }));
  main.replaceChildren(content);
  main.dataset.view = name;
  if (!first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
    announce("view", title);
  }
  first = false;
}
