// Game servers as everybody sees them: the open ones, by snapshot and events, with the hints between.

import { chip } from "./parts.js";
import { signal } from "./signals.js";

const CHIPS = {
  pending: ["warn", "○", "requested"],
  launching: ["warn", "◔", "starting"],
  running: ["good", "●", "running"],
  stopping: ["warn", "◑", "stopping"],
  stopped: ["off", "○", "stopped"],
  failed: ["bad", "✕", "failed"],
  expired: ["bad", "◌", "expired"],
  killed: ["bad", "✕", "killed"],
};

export const serverChip = (status) => chip(...(CHIPS[status] ?? ["off", "○", status]));
export const isOpen = (status) => ["pending", "launching", "running", "stopping"].includes(status);
export const since = (server) => ({ running: "running for", launching: "starting for", stopping: "was up for" })[server.status] ?? "requested";

/** The open servers, kept as new as the last event. */
export function listenToServers(line) {
  const servers = signal(new Map());
  const known = signal(false);
  let parts = [];
  const put = (server) =>
    servers.touch((all) => {
      const had = all.get(server.id);
      if (had && had.version !== undefined && server.version !== undefined && had.version > server.version) return;
      if (isOpen(server.status)) all.set(server.id, { ...had, ...server });
      else all.delete(server.id);
    });
  line.listen(
    ["servers"],
    {
      snapshot: ({ data, part, last }) => {
        if (part === 1) parts = [];
        parts.push(...rows(data));
        if (!last) return;
        servers.touch((all) => {
          all.clear();
          for (const server of parts) if (isOpen(server.status)) all.set(server.id, server);
        });
        known.set(true);
      },
      "server.*": ({ data }) => put(data.session ?? data),
      hint: ({ kind, data }) => {
        if (kind !== "server.tick") return;
        servers.touch((all) => {
          const had = all.get(data.id);
          if (had) all.set(data.id, { ...had, ...data });
        });
      },
      revoked: () => known.set(true),
    },
    { snapshot: true },
  );
  return { known, sorted: () => [...servers().values()].sort((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at)) };
}

/** The rows of a snapshot, however they are wrapped. */
const rows = (data) => (Array.isArray(data) ? data : (data?.sessions ?? data?.servers ?? data?.items ?? []));
