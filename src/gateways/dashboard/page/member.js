// A member's plan, server sessions, minutes and history, kept as new as the last event about them.

import { toast } from "./announce.js";
import { apiOf, member, memberApi, memberLine } from "./live.js";
import { explain } from "./parts.js";
import { reader } from "./reads.js";
import { isOpen } from "./servers.js";
import { signal } from "./signals.js";

const BASE = "/api/subscriptions";

/** What `views/membership.js` shows; `me` is `{discord_user_id, …}`. */
export function memberStore(me) {
  const session = member.peek();
  const api = session?.token ? apiOf(session) : memberApi;
  const access = signal(undefined);
  const sessions = signal(new Map());
  const history = signal([]);
  const usage = signal([]);
  const plans = signal([]);
  const games = signal(undefined);
  const purchases = signal([]);
  /** Features that this hub does not have. */
  const absent = signal(new Set());
  /** What could not be read, in words. While the hub can't be reached the header says so, and it is read again. */
  const faults = signal(new Map());

  const put = (one) =>
    sessions.touch((all) => {
      const had = all.get(one.id);
      if (had && had.version !== undefined && one.version !== undefined && had.version > one.version) return;
      all.set(one.id, { ...had, ...one });
    });
  /** Reads one of several things: what became of it is noted under its name. Gives an error that may pass. */
  async function noted(name, work) {
    let fault;
    try {
      await work;
    } catch (error) {
      fault = error;
    }
    if (fault?.status === 404) absent.touch((all) => all.add(name));
    else if (!fault || fault.status === 0) faults.peek().has(name) && faults.touch((all) => all.delete(name));
    else faults.touch((all) => all.set(name, explain(fault)));
    return fault;
  }
  /** Does them all; the first error is that of the whole, so that a reader tries again. */
  const all = async (...works) => {
    const fault = (await Promise.all(works)).find((error) => error && error.status !== 404);
    if (fault) throw fault;
  };
  const { read, soon } = reader(() =>
    all(
      noted("plans", api.get(`${BASE}/me/entitlement/`).then(({ entitlement }) => {
        access.set(entitlement);
        (entitlement.open_sessions ?? []).forEach(put);
      })),
      noted("history", api.get(`${BASE}/server-sessions/`, { limit: 20 }).then((body) => {
        history.set(body.sessions);
        body.sessions.forEach(put);
      })),
      noted("usage", api.get(`${BASE}/usage/`).then((body) => usage.set(body.usage.entries))),
      noted("purchases", api.get(`${BASE}/purchases/`, { limit: 20 }).then((body) => purchases.set(body.purchases))),
    ),
  );
  const offers = reader(() => all(noted("offers", api.get(`${BASE}/plans/`).then((body) => plans.set(body.plans ?? [])))));
  async function readGames() {
    try {
      const body = await api.get(`${BASE}/casual-games/`);
      games.set({ list: body.games ?? [], stale: body.stale });
    } catch (error) {
      games.set({ list: [], fault: error });
    }
  }
  memberLine().listen(
    [`user:${me.discord_user_id}`],
    {
      "server.*": ({ kind, data }) => {
        const one = data.session ?? data;
        if (one.id) put(one);
        if (kind === "server.warning") toast(`${one.comment || one.game}: ${data.minutes_left} minutes left`);
        soon();
      },
      "*": soon,
    },
    { refresh: soon },
  );
  void read();
  void offers.read();
  void readGames();
  return {
    api,
    access,
    history,
    usage,
    plans,
    games,
    purchases,
    absent,
    /** What could not be read, in words; each once. */
    faults: () => [...new Set(faults().values())],
    readGames,
    open: () => [...sessions().values()].filter((one) => isOpen(one.status)).sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at)),
    past: () => [...sessions().values()].filter((one) => !isOpen(one.status)).sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at)).slice(0, 20),
    put,
    start: (body) => api.post(`${BASE}/server-sessions/start/`, body).then(({ session }) => (put(session), soon(), session)),
    stop: (id) => api.post(`${BASE}/server-sessions/${id}/stop/`, { reason: "website_stop" }).then(({ session }) => session && put(session)),
    checkout: (tier) => api.post(`${BASE}/checkout/`, { tier, success_url: `${location.origin}/app/?checkout_id={CHECKOUT_ID}#/membership` }),
    change: (tier) => api.post(`${BASE}/change-plan/`, { tier }),
    /** Lets the hub ask the provider what became of a checkout. */
    returned: (id) => noted("checkout", api.get(`${BASE}/checkout/${encodeURIComponent(id)}/`)),
    portal: () => api.post(`${BASE}/portal/`, { return_url: `${location.origin}/app/#/membership` }),
  };
}

/** Why no server can be launched now, in words; nothing when one can. */
export function obstacle(access, open, games) {
  if (!access) return "Looking …";
  if (!access.active) return "You have no plan that includes servers. Choose one below.";
  if (open.length >= access.max_concurrent_servers) {
    return access.max_concurrent_servers === 1 ? "Your plan runs one server at a time, and one is open." : `Your plan runs ${access.max_concurrent_servers} servers at a time, and all are open.`;
  }
  if (access.available_server_minutes < 1) {
    return access.reserved_server_minutes > 0 ? "All minutes that are left are held by your open servers." : "All minutes of this period are used.";
  }
  if (games?.fault) return games.fault.code === "ORCHESTRATOR_NOT_CONFIGURED" ? "This hub has no game servers to launch." : "The game servers can't be reached at the moment.";
  return undefined;
}
