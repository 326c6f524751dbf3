// The page's links to the hub: one for each way of being somebody, opened when a view wants to listen.
//
// A view asks for topics and gets what happens on them until its scope ends. How each link is doing stands in `line`,
// which the header shows.

import { Api, ApiError, connect } from "/app/tollbell.min.js";

import { announce } from "./announce.js";
import { onEnd, signal } from "./signals.js";

export { ApiError };

const url = location.origin;
const KEPT = "tollbell.credentials";
const SIGNED_IN = "tollbell.signed_in";
/** A wallet's session is made new when it has less than this left. */
const RENEW_MS = 10 * 60_000;

/** Who this page speaks as, kept for as long as the tab lives: a wallet's session, a member's and an operator's token. */
export const wallet = signal(undefined);
export const member = signal(undefined);
export const operator = signal(undefined);
const voices = { wallet, member, operator };

/** Takes on credentials, or with null gives them up. */
export function speakAs(credentials) {
  for (const [name, value] of Object.entries(credentials)) voices[name].set(value ?? undefined);
  const kept = Object.fromEntries(Object.entries(voices).map(([name, voice]) => [name, voice.peek()]));
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

// Back from Discord: the cookie is one that no page can read, so the address says that it is there.
if (new URLSearchParams(location.search).has("signed_in")) {
  localStorage.setItem(SIGNED_IN, "yes");
  history.replaceState(null, "", "/app/#/membership");
}

try {
  for (const [name, value] of Object.entries(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}"))) voices[name]?.set(value);
} catch {
  sessionStorage.removeItem(KEPT);
}
if (!member.peek() && localStorage.getItem(SIGNED_IN)) member.set({ cookie: true });

/** How the links are doing: `{state, reason, at, inMs}` by name. */
export const links = signal(new Map());

export const guest = new Api({ url });

/** A link, and who listens to what on it. */
class Line {
  #hub;
  #wanted = new Map();

  constructor(name, credentials) {
    this.name = name;
    this.credentials = credentials;
    this.api = guest;
    this.gaps = new Set();
  }

  /** The hub object, made when it is first needed. */
  get hub() {
    if (!this.#hub) {
      this.#hub = connect({ url, topics: [], ...this.credentials?.(), onError: (error) => console.error(error) });
      this.api = this.#hub.api;
      this.#hub.on("status", (status) => this.#told(status));
      this.#hub.on("gap", () => this.gaps.forEach((refresh) => refresh()));
      this.#told(this.#hub.status);
    }
    return this.#hub;
  }

  #told(status) {
    links.touch((all) => all.set(this.name, { ...status, at: Date.now() }));
  }

  /** Listens until the scope ends. `handlers` are those of `Hub.on`; `refresh` is called when the state must be read anew. */
  listen(topics, handlers, { snapshot = false, refresh } = {}) {
    const { hub } = this;
    const fresh = topics.filter((topic) => !this.#wanted.has(topic));
    for (const topic of topics) this.#wanted.set(topic, (this.#wanted.get(topic) ?? 0) + 1);
    const mine = new Set(topics);
    const offs = Object.entries(handlers).map(([name, handler]) =>
      hub.on(name, (item) => {
        if (item.topic !== undefined ? mine.has(item.topic) : !item.topics || item.topics.some((topic) => mine.has(topic))) handler(item);
      }),
    );
    if (refresh) this.gaps.add(refresh);
    if (fresh.length > 0) hub.add(fresh, { snapshot });
    // Who comes second to a topic has missed its snapshot.
    const late = snapshot ? topics.filter((topic) => !fresh.includes(topic)) : [];
    if (late.length > 0) {
      hub.remove(late);
      hub.add(late, { snapshot });
    }
    onEnd(() => {
      offs.forEach((off) => off());
      this.gaps.delete(refresh);
      const left = topics.filter((topic) => {
        const count = (this.#wanted.get(topic) ?? 1) - 1;
        if (count > 0) this.#wanted.set(topic, count);
        else this.#wanted.delete(topic);
        return count <= 0;
      });
      if (left.length > 0 && this.#hub === hub) hub.remove(left);
    });
  }

  /** Forgets the link: whoever speaks next is somebody else. */
  close() {
    this.#hub?.close();
    this.#hub = undefined;
    this.#wanted.clear();
    this.api = guest;
    links.touch((all) => all.delete(this.name));
  }
}

export const open = new Line("public");
export const mine = new Line("wallet", () => ({ token: walletToken }));
export const ops = new Line("operator", () => ({ token: () => operator.peek()?.token ?? fail("not logged in") }));
/** A cookie opens no socket: who signed in by one gets a ticket for each link. */
const byTicket = new Line("member", () => ({ ticket: async () => (await memberApi.post("ws/tickets")).ticket }));
const byToken = new Line("member", () => ({ token: () => member.peek()?.token ?? fail("not signed in") }));

export const memberLine = () => (member.peek()?.token ? byToken : byTicket);

export async function signOut() {
  byTicket.close();
  byToken.close();
  if (member.peek()?.cookie) await memberApi.post("logout").catch(() => {});
  localStorage.removeItem(SIGNED_IN);
  speakAs({ member: null });
}

function fail(text) {
  throw new Error(text);
}

/** The session's token, or a fresh one when it ends soon. */
async function walletToken() {
  const session = wallet.peek() ?? fail("not logged in");
  if (Date.parse(session.expires) - Date.now() > RENEW_MS) return session.token;
  const fresh = await apiOf(session).post("session/refresh");
  speakAs({ wallet: { ...session, token: fresh.token, expires: fresh.expires } });
  return fresh.token;
}

/** What proves that a change by cookie comes from this page; `users/me` tells it. */
let csrf;

/** Requests with the cookie of a sign-in. */
export const memberApi = new Api({
  url,
  fetch: (input, init) => {
    const headers = csrf ? { ...init.headers, "x-csrf-token": csrf } : init.headers;
    return fetch(input, { ...init, headers, credentials: "same-origin" });
  },
});

/** Who is signed in. */
export async function whoAmI(session) {
  const user = await (session.token ? apiOf(session) : memberApi).get("users/me");
  csrf = user.csrf_token;
  return user;
}

/** An API that speaks for a session as it is now. */
export const apiOf = (session) => new Api({ url, token: session?.token });

/** The worst of the links that are open, for the header. */
export function line() {
  const rank = { stopped: 5, reconnecting: 4, paused: 3, connecting: 3, resuming: 2, draining: 1, live: 0 };
  let worst;
  for (const status of links().values()) if (!worst || rank[status.state] > rank[worst.state]) worst = status;
  return worst ?? { state: "connecting" };
}

const WORDS = {
  connecting: ["○", "Connecting", "no link yet"],
  resuming: ["↻", "Catching up", "what was missed is on its way"],
  live: ["●", "Live", "what happens shows at once"],
  draining: ["◐", "Moving", "the hub stops soon; the next link is opened beside this one"],
  reconnecting: ["△", "Offline", "what you see is old; nothing is lost, it comes when the link is back"],
  paused: ["◔", "Behind", "this page takes its time; nothing is lost"],
  stopped: ["✕", "Stopped", "reload to connect again"],
};

export const wordsOf = (state) => {
  const [sign, name, meaning] = WORDS[state] ?? WORDS.connecting;
  return { sign, name, meaning };
};

let told = "live";
export function announceLine(state) {
  if (state === told || state === "connecting") return;
  told = state;
  const { name, meaning } = wordsOf(state);
  announce("line", `${name}: ${meaning}`);
}
