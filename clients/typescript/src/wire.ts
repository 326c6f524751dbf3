// The messages of `tollbell.v1` as this client reads and writes them. Unknown fields and types are ignored.

import type { AnyEvent, AnyHint } from "./types.js";
import type { Snapshot } from "./items.js";

export type ServerMessage =
  | { type: "welcome"; epoch: string; ping_s: number; now: string; caller: any }
  | { type: "subscribed"; mode: "live" | "resumed" | "snapshot"; from: number; head: number; id?: unknown }
  | Snapshot
  | AnyEvent
  | AnyHint
  | { type: "live"; seq: number }
  | { type: "mark"; seq: number }
  | { type: "ok"; id?: unknown; caller?: any }
  | { type: "expiring"; in_s: number }
  | { type: "drain"; reconnect_in_ms: number }
  | { type: "revoked"; topics: string[]; code: string }
  | { type: "error"; id?: unknown; code: string; message: string; retry: boolean; retry_after_ms?: number; oldest?: number }
  /** Carries nothing this client waits for, or is newer than it. */
  | { type: "other" };

/** What must be there, and be of this type, for a message to mean anything. */
const NEEDED: Record<string, Record<string, "number" | "string" | "object">> = {
  welcome: { epoch: "string", ping_s: "number" },
  subscribed: { mode: "string", from: "number" },
  snapshot: { topic: "string", seq: "number", part: "number" },
  event: { seq: "number", kind: "string", topics: "object" },
  hint: { kind: "string" },
  live: { seq: "number" },
  mark: { seq: "number" },
  ok: {},
  expiring: {},
  drain: { reconnect_in_ms: "number" },
  revoked: { topics: "object", code: "string" },
  error: { code: "string" },
};

/** Reads a text frame; throws when it is none of the protocol. */
export function parse(text: string): ServerMessage {
  const message = JSON.parse(text);
  if (typeof message?.type !== "string") throw new Error("it is no message");
  const needed = Object.hasOwn(NEEDED, message.type) ? NEEDED[message.type] : undefined;
  if (!needed) return { type: "other" };
  for (const [field, type] of Object.entries(needed)) {
    const value = message[field];
    const right = typeof value === type && value !== null && (type !== "number" || value >= 0);
    if (!right) throw new Error(`${message.type} lacks ${field}`);
  }
  return message;
}

/** A message of this client; the session gives each its `id`. */
export type ClientMessage =
  | { type: "subscribe"; topics: string[]; kinds?: string[]; epoch?: string; since?: number; snapshot?: boolean }
  | { type: "unsubscribe"; topics: string[] }
  | { type: "auth"; token: string }
  | { type: "ping" };
