// Real hubs for tests: processes of the binary on a database of their own, and a link to them that can be cut.

import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
export const BINARY = process.env.TOLLBELL_BIN ?? `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/tollbell`;
export const ADMIN_KEY = "tbk_4f1d7c52b0e94a6b9d3e8f7a6c5b4d3e";
/** How long a hub may take to be ready, on a busy machine. */
const READY_MS = 60_000;

/** A community: one database, and what its hubs share. */
export class Site {
  /** A folder that the database's user may enter. */
  dir = mkdtempSync("/tmp/tollbell-ts-");
  hubs = [];

  constructor() {
    chmodSync(this.dir, 0o711);
  }

  /** Starts a hub and waits until it is ready. */
  async hub({ port, flags = [] } = {}) {
    const hub = new HubProcess(this.dir, port ?? (await freePort()), flags);
    this.hubs.push(hub);
    await hub.ready();
    return hub;
  }

  /** Ends the hubs, and the database with the last of them. */
  async end() {
    for (const hub of this.hubs.filter((hub) => hub.running)) await hub.stop();
    // One that was killed leaves its database running, and a demonstration its games; a hub that comes and goes takes
    // them along.
    const demo = this.hubs.some(({ flags }) => flags.includes("--demo")) ? ["--demo"] : [];
    if (this.hubs.length > 0) {
      const code = await (await this.hub({ flags: [...demo, "--drain-seconds", "0"] })).stop();
      if (code !== 0) throw new Error(`the last hub ended with ${code}`);
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

class HubProcess {
  log = "";

  constructor(dir, port, flags) {
    this.port = port;
    this.flags = flags;
    this.url = `http://127.0.0.1:${port}`;
    const env = { ...process.env, TOLLBELL_ADMIN_KEY: ADMIN_KEY, TOLLBELL_SECRET: "9c0d5b7e3f2a1c8d6e4b9f7a5c3d1e0b" };
    delete env.DATABASE_URL;
    const args = ["serve", "--listen", `127.0.0.1:${port}`, "--admin-listen", "off", "--data-dir", dir, ...flags];
    this.child = spawn(BINARY, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (text) => (this.log = (this.log + text).slice(-20_000)));
    }
    this.exit = new Promise((resolve, reject) => {
      this.child.once("exit", (code, signal) => resolve(code ?? signal));
      this.child.once("error", reject);
    });
    this.exit.catch(() => {});
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ready() {
    const end = Date.now() + READY_MS;
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      if (!this.running || Date.now() > end) throw new Error(`the hub is not ready:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Lets it drain and end. */
  async stop() {
    this.child.kill("SIGTERM");
    return this.exit;
  }

  async kill() {
    this.child.kill("SIGKILL");
    return this.exit;
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A way to a hub that a test can cut, close, or turn to another hub. */
export class Road {
  #open = new Set();
  #closed = false;

  static async to(port) {
    const road = new Road();
    road.target = port;
    road.server = createServer((client) => road.#carry(client));
    await new Promise((resolve) => road.server.listen(0, "127.0.0.1", resolve));
    road.port = road.server.address().port;
    road.url = `http://127.0.0.1:${road.port}`;
    return road;
  }

  /** Cuts every connection; new ones come through. Says how many there were. */
  cut() {
    const count = this.#open.size;
    for (const client of this.#open) client.resetAndDestroy();
    return count;
  }

  /** Cuts every connection and takes no new ones, until `mend`. */
  block() {
    this.#closed = true;
    this.cut();
  }

  mend() {
    this.#closed = false;
  }

  end() {
    this.cut();
    this.server.close();
  }

  #carry(client) {
    if (this.#closed) return client.destroy();
    const server = dial(this.target, "127.0.0.1");
    this.#open.add(client);
    const over = () => {
      this.#open.delete(client);
      client.destroy();
      server.destroy();
    };
    for (const side of [client, server]) side.on("error", over).on("close", over);
    client.pipe(server).pipe(client);
  }
}
