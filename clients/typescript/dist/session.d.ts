import { type Loss, type Stop } from "./close.js";
import type { Item, Position, StatusWords } from "./items.js";
import { type Link } from "./link.js";
import { type Moment, type Timing } from "./timing.js";
import type { ClientMessage } from "./wire.js";
/** The close code for a link this client is done with: the only one of the RFC's that a page may send. */
export declare const CLOSE_DONE = 1000;
/** What the application asked for. */
export interface Plan {
    /** The topics, and whether their state is wanted first. */
    topics: Map<string, {
        snapshot: boolean;
    }>;
    kinds: readonly string[];
    /** The number behind which to begin, in whatever history the first greeting names. */
    beginAt?: number;
    /** A guest; a token that is good until it ends; or a ticket that opens one link. */
    credentials: "none" | "token" | "ticket";
    timing: Timing;
}
/** What happened. */
export type Input = {
    on: "frame";
    link: number;
    text: string;
} | {
    on: "lost";
    link: number;
    loss: Loss;
}
/** The answer to `fetch`: a token, or why there is none. */
 | {
    on: "token";
    token: string;
} | {
    on: "no-token";
    reason: string;
}
/** The topics or their wishes in the plan have changed. */
 | {
    on: "plan";
}
/** The application can't take more; or can again. */
 | {
    on: "full";
} | {
    on: "room";
}
/** The network is back: no use in waiting. */
 | {
    on: "online";
}
/** `deadline()` has come. */
 | {
    on: "tick";
};
/** What is to be done, in this order. */
export type Action = {
    do: "open";
    link: number;
    token?: string;
} | {
    do: "send";
    link: number;
    message: ClientMessage & {
        id: number;
    };
}
/** Nothing of the link comes in any more. */
 | {
    do: "close";
    link: number;
} | {
    do: "fetch";
} | {
    do: "emit";
    item: Item;
}
/** Persist this once the application has taken everything emitted before. */
 | {
    do: "save";
    position: Position;
};
export declare class Session {
    #private;
    readonly plan: Plan;
    position: Position | undefined;
    /** The link that serves, and behind it the one that is to replace it. */
    links: Link[];
    /** Topics of which the application has the state, so that they can be resumed. */
    readonly established: Set<string>;
    connected: boolean;
    stopped: boolean;
    /** A session that opens its first link at `now`. */
    constructor(plan: Plan, position: Position | undefined, now: number);
    /** Takes in what happened and says what to do. Whatever is due at this moment is done with it. */
    handle(at: Moment, input: Input): Action[];
    /** When a tick is wanted, whatever else comes before. */
    deadline(): number;
    emit(item: Item): void;
    status(status: StatusWords): void;
    send(link: Link, message: ClientMessage): number;
    save(): void;
    /** Moves the position forward; false when it has been there. */
    advance(to: Position): boolean;
    keepOnly(link: Link): void;
    dropLink(at: Moment, link: Link, loss: Loss): void;
    stop(stop: Stop): void;
    /** The token ends soon: fetch the next one, or with tickets open the next link. */
    expiring(at: Moment, link: Link): void;
    /** Never offers a refused token again. One fetched since then is another matter. */
    discard(token: string | undefined): void;
    /** The first subscribe of a link: it places the link behind the position, when there is one. */
    subscribe(link: Link): void;
    ask(link: Link, topics: string[], more: {
        snapshot: boolean;
        epoch?: string;
        since?: number;
    }): void;
}
