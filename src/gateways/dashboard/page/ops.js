// What operators see: each list is read when the view opens and when the link has lost its place, and is changed by the
// events of `ops`, `users` and `plans`. What has no event, because nobody should wait for it, is told by the hint that each
// node gives once a second: that is when connections are read anew, and sessions when there was a login.

import { feed, history } from "./feed.js";
import { dateTime } from "./format.js";
import { apiOf, operator, ops, speakAs } from "./live.js";
import { isOpen } from "./servers.js";
import { reader, rows } from "./reads.js";
import { signal } from "./signals.js";

const BASE = "/api/subscriptions";
/** Rows of a list that are shown; of more only the newest need somebody. */
const ROWS_MAX = 100;
/** What nobody caused: it went wrong, or was put right. */
const NEWS = ["ops.webhook_failed", "ops.webhook_settled", "ops.drift", "ops.orphan_stopped", "ops.server_anomaly", "ops.clock_advanced"];
const ACTS = ["ops.acted"];

/** Whether an event of a provider waits for somebody or something. */
const waits = ({ status }) => ["failed", "deferred"].includes(status);

export function operatorStore(now) {
  const api = apiOf(operator.peek());
  const refused = (error) => [401, 403].includes(error?.status) && speakAs({ operator: null });
  const list = (fetch, more) => rows(fetch, { told: refused, ...more });

  const nodes = signal(new Map());
  const census = signal(undefined);
  const counted = reader(async () => census.set(await api.get("admin/connections")), refused);
  const sessions = list(() => api.get("admin/sessions"));
  const webhooks = list(async () => {
    const pages = await Promise.all(["failed", "deferred"].map((status) => api.get(`${BASE}/webhook-events/`, { status, limit: ROWS_MAX })));
    // How often it was tried rises with each change of it.
    return pages.flatMap(({ events }) => events).map((one) => ({ ...one, version: one.attempts }));
  });
  const servers = list(async () => (await api.get(`${BASE}/server-sessions/`, { status: "open", limit: ROWS_MAX })).sessions);
  const plans = list(async () => (await api.get(`${BASE}/plans/`)).plans, { key: ({ tier }) => tier });
  const comps = list(async () => (await api.get(`${BASE}/comps/`, { limit: ROWS_MAX })).comps);
  const news = past(api, NEWS, "What needs attention");
  const acts = past(api, ACTS, "What operators did");
  const lists = [counted, sessions, webhooks, servers, plans, comps, news, acts];

  const heard = ({ data }) => {
    if (!data.node) return;
    const had = nodes.peek().get(data.node.name);
    nodes.touch((all) => all.set(data.node.name, { ...data, heard: Date.now() }));
    // A login has no event; the node counts what it knows of.
    if (had?.node.session_changes !== data.node.session_changes) void sessions.read();
    if (!document.hidden && !counted.busy()) void counted.read();
  };
  ops.listen(
    ["ops", "users", "plans"],
    {
      hint: heard,
      "ops.*": (event) => {
        const { kind, at, data } = event;
        if (kind.startsWith("ops.webhook_")) webhooks.put({ received_at: at, ...webhooks.find(data.id), ...data, version: data.attempts });
        if (NEWS.includes(kind)) news.add(event);
        if (ACTS.includes(kind)) acts.add(event);
      },
      "server.*": ({ data }) => servers.put(data),
      "plan.changed": ({ data }) => plans.put(data.plan),
      // The event does not say who gave it; and where it is time alone that ends something, not even what.
      "entitlement.changed": ({ data }) => (!data.changed || data.changed.provider === "comp") && comps.soon(),
    },
    { refresh: () => lists.forEach((one) => void one.read()) },
  );
  void counted.read();

  const alive = () => [...nodes().values()].filter((node) => now() - node.heard < 10_000);
  const newest = (a, b) => b.id - a.id;
  return {
    alive,
    total: (pick) => alive().reduce((sum, node) => sum + (pick(node) ?? 0), 0),
    census,
    news,
    acts,
    plans,
    sessions: { ...sessions, all: () => sessions.all().filter((one) => Date.parse(one.expires_at) > now()) },
    webhooks: { ...webhooks, all: () => webhooks.all().filter(waits).sort(newest) },
    servers: { ...servers, all: () => servers.all().filter((one) => isOpen(one.status)) },
    comps: { ...comps, all: () => comps.all().sort(newest) },
    kick: async (id) => {
      await api.delete(`admin/connections/${id}`);
      await counted.read();
    },
    revoke: async (id) => {
      await api.delete(`admin/sessions/${id}`);
      await sessions.read();
    },
    replay: async (id) => {
      const { event } = await api.post(`${BASE}/webhook-events/${id}/replay/`);
      webhooks.put({ ...event, version: event.attempts });
      return event;
    },
    stop: (id) => api.post(`${BASE}/server-sessions/${id}/stop/`, { reason: "operator" }).then(({ session }) => session && servers.put(session)),
    give: (user, comp) => api.post(`${BASE}/users/${encodeURIComponent(user)}/comps/`, comp),
    end: (comp) => api.delete(`${BASE}/users/${comp.discord_user_id}/entitlements/comp/${encodeURIComponent(comp.ref)}/`),
  };
}

/** A feed of some kinds: what the log has of them, and from then on what is added. */
function past(api, kinds, label) {
  const events = feed({ label, when: dateTime });
  const { read } = reader(async () => events.fill(await history(api, ["ops"], kinds)));
  void read();
  return { ...events, read };
}
