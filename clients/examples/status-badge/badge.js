// The badge: listens to `pulse` and `servers`, and shows what it hears. A hub without game servers shows its pulse alone.

import { connect } from "./tollbell.min.js";

const url = new URLSearchParams(location.search).get("hub") ?? location.origin;
const element = (id) => document.getElementById(id);
/** Open servers by id, in the order in which they were ordered. */
const servers = new Map();

function show(state) {
  element("badge").dataset.state = state;
  element("state").textContent = state;
  // What was heard before a lost link may no longer be so.
  if (state !== "live") element("busy").textContent = "";
}

function busy({ connections, events }) {
  const people = connections === 1 ? "1 listener" : `${connections} listeners`;
  element("busy").textContent = `${people}, ${events} events/s`;
}

function list() {
  const lines = [...servers.values()].map(({ game, host, port, status }) => {
    const line = document.createElement("li");
    line.textContent = host && port ? `${game}: ${host}:${port}` : `${game}: ${status}`;
    return line;
  });
  element("servers").replaceChildren(...lines);
}

const OVER = ["stopped", "failed", "expired", "killed"];

/** A row of a snapshot or an event; `version` tells which of two is newer. */
function server(row) {
  const known = servers.get(row.id);
  if (known && known.version >= row.version) return;
  if (OVER.includes(row.status)) servers.delete(row.id);
  else servers.set(row.id, row);
}

function listen(topics) {
  const hub = connect({ url, topics, snapshot: true });
  hub.on("hint", ({ kind, data }) => {
    if (kind === "hub.stats") busy(data);
  });
  hub.on("snapshot", ({ topic, part, data }) => {
    if (topic !== "servers") return;
    if (part === 1) servers.clear();
    for (const row of data?.servers ?? []) server(row);
    list();
  });
  hub.on("server.*", ({ data }) => {
    server(data);
    list();
  });
  hub.on("status", (status) => {
    // A hub without game servers has no such topic.
    const missing = status.state === "stopped" && status.stop?.why === "refused" && status.stop.code === "not_found";
    if (missing && topics.length > 1) listen(["pulse"]);
    else show(status.state);
  });
}

listen(["pulse", "servers"]);
