// Numbers and times for people.

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 5 });
const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 5 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value) => (value === undefined || value === null ? "–" : value < 10_000 ? plain.format(value) : compact.format(value));
export const amount = (value) => (value === undefined || value === null ? "–" : money.format(value));

/** An amount of a real currency, in its smallest unit of a hundred. */
export const cents = (value, currency) => new Intl.NumberFormat("en", { style: "currency", currency: currency.toUpperCase() }).format(value / 100);

export function latency(us) {
  if (us === undefined || us === null) return "–";
  if (us < 1000) return `${us} µs`;
  return `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`;
}

/** The two greatest units of a span. */
export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const parts = [
    [Math.floor(s / 86_400), "d"],
    [Math.floor(s / 3600) % 24, "h"],
    [Math.floor(s / 60) % 60, "min"],
    [s % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 s";
  return parts.slice(first, first + 2).filter(([value], index) => value > 0 || index === 0).map(([value, unit]) => `${value} ${unit}`).join(" ");
}

/** A countdown that does not jump about: 1:05:09 or 5:09. */
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const tail = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return s >= 3600 ? `${Math.floor(s / 3600)}:${tail}` : tail.replace(/^0/, "");
}

const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const moment = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });
const time = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const date = (text) => (text ? day.format(new Date(text)) : "–");
export const dateTime = (text) => (text ? moment.format(new Date(text)) : "–");
export const timeOfDay = (text) => time.format(new Date(text));

const UNITS = [
  [2_592_000, "month"],
  [604_800, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** How often a contract is paid, in words. */
export function schedule(terms) {
  if (terms.cron_expr) return `at ${terms.cron_expr} (cron)`;
  if (terms.period_months) return every(terms.period_months, "month");
  const seconds = terms.period_seconds;
  if (!seconds) return "once a term";
  const [size, unit] = UNITS.slice(1).find(([size]) => seconds % size === 0);
  return every(seconds / size, unit);
}

const every = (number, unit) => (number === 1 ? `every ${unit}` : `every ${number} ${unit}s`);

/** The words of a code or a kind: `insufficient_funds` is "insufficient funds". */
export const words = (code) => String(code ?? "").replaceAll("_", " ");

/** `message=hello;x=1` of a payment, as people write it. */
export function reason(metadata) {
  if (!metadata) return "";
  const message = /(?:^|;)message=([^;]*)/.exec(metadata)?.[1];
  return message ?? metadata;
}
