import type { AnyEvent, AnyHint } from "./types.js";
import type { Snapshot } from "./items.js";
export type ServerMessage = {
    type: "welcome";
    epoch: string;
    ping_s: number;
    now: string;
    caller: any;
} | {
    type: "subscribed";
    mode: "live" | "resumed" | "snapshot";
    from: number;
    head: number;
    id?: unknown;
} | Snapshot | AnyEvent | AnyHint | {
    type: "live";
    seq: number;
} | {
    type: "mark";
    seq: number;
} | {
    type: "ok";
    id?: unknown;
    caller?: any;
} | {
    type: "expiring";
    in_s: number;
} | {
    type: "drain";
    reconnect_in_ms: number;
} | {
    type: "revoked";
    topics: string[];
    code: string;
} | {
    type: "error";
    id?: unknown;
    code: string;
    message: string;
    retry: boolean;
    retry_after_ms?: number;
    oldest?: number;
}
/** Carries nothing this client waits for, or is newer than it. */
 | {
    type: "other";
};
/** Reads a text frame; throws when it is none of the protocol. */
export declare function parse(text: string): ServerMessage;
/** A message of this client; the session gives each its `id`. */
export type ClientMessage = {
    type: "subscribe";
    topics: string[];
    kinds?: string[];
    epoch?: string;
    since?: number;
    snapshot?: boolean;
} | {
    type: "unsubscribe";
    topics: string[];
} | {
    type: "auth";
    token: string;
} | {
    type: "ping";
};
