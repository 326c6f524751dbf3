import type { Stop } from "./close.js";
import type { AnyEvent, AnyHint } from "./types.js";
/** The whole position of a reader: the history, and the last number it was given. */
export interface Position {
    epoch: string;
    seq: number;
}
/** The state of a topic at a position, or a part of it. The events that follow are behind `seq`. */
export interface Snapshot {
    type: "snapshot";
    topic: string;
    seq: number;
    part: number;
    last: boolean;
    /** The REST body of the same resource; null when the topic has no state to show. */
    data: any;
}
/** How the session is doing. */
export type Status = {
    type: "status";
} & StatusWords;
export type StatusWords = {
    state: "connecting";
}
/** Subscribed; what was missed is on its way. */
 | {
    state: "resuming";
}
/** Everything so far was delivered, and what happens next comes at once. */
 | {
    state: "live";
}
/** The server stops soon. Nothing is lost: another link opens in `inMs`, beside this one. */
 | {
    state: "draining";
    inMs: number;
} | {
    state: "reconnecting";
    inMs: number;
    reason: string;
}
/** The application is behind by more than its buffer; the link is let go until it has caught up. */
 | {
    state: "paused";
} | {
    state: "stopped";
    stop: Stop;
};
/** Events behind `held` can't be had any more. What follows begins anew: with snapshots, when those were asked for. */
export interface Gap {
    type: "gap";
    reason: "gone" | "epoch_changed";
    held: Position;
    /** The oldest event that is kept, when the server said so. */
    oldest?: number;
}
/** Topics were lost; the others go on. */
export interface Revoked {
    type: "revoked";
    topics: string[];
    code: string;
    message?: string;
}
/** Everything up to `seq` that is yours was delivered. */
export interface Mark {
    type: "mark";
    seq: number;
}
export type Item = AnyEvent | AnyHint | Snapshot | Status | Gap | Revoked | Mark;
