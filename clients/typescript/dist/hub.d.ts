import { Api } from "./api.js";
import type { Gap, Item, Mark, Position, Revoked, Snapshot, Status } from "./items.js";
import { type PositionStore } from "./store.js";
import { type Timing } from "./timing.js";
import type { AnyEvent, AnyHint, Events } from "./types.js";
export interface Options {
    /** The address of the hub, such as `https://hub.example`. */
    url: string;
    topics?: Iterable<string>;
    /** Which kinds of events: `payment.made`, `payment.*`. All of them when absent. */
    kinds?: Iterable<string>;
    /** Begin with the state of each topic. */
    snapshot?: boolean;
    /** A token, or what gets one: it is asked again before the token ends and when the server refuses it. */
    token?: string | (() => string | Promise<string>);
    /** Instead of `token`: what gets a ticket, which opens one link. */
    ticket?: () => string | Promise<string>;
    /** Where the position is kept. Without one it is kept as long as the object lives. */
    store?: PositionStore;
    /** The event behind which to begin, when the store has no position: a number of the log as it is, or a position. */
    since?: number | Position;
    /** For Node before 22: the class of a package such as `ws`, best by `socketOf` of `tollbell/ws`. */
    WebSocket?: unknown;
    fetch?: typeof fetch;
    timing?: Partial<Timing>;
    /** Is told what a handler throws, and that a position could not be saved. By default it is thrown where nobody waits. */
    onError?: (error: unknown) => void;
}
/** What `on` can name besides the kinds of events, which all have a dot or a star. */
export interface Handlers {
    status: Status;
    snapshot: Snapshot;
    hint: AnyHint;
    gap: Gap;
    revoked: Revoked;
    mark: Mark;
}
/** Starts listening to a hub. It goes on, through lost links and restarts, until `close`. */
export declare function connect(options: Options): Hub;
export declare class Hub {
    #private;
    /** Requests with the same credentials. */
    readonly api: Api;
    /** How the session is doing. */
    status: Status;
    constructor(options: Options);
    /** Where the application stands: everything up to here was handed to it. */
    get position(): Position | undefined;
    /**
     * Calls `handler` for every event of a kind (`payment.made`), a family (`payment.*`) or any (`*`), or for what
     * `Handlers` names. Returns what undoes it.
     */
    on<K extends keyof Events>(kind: K, handler: (event: Extract<AnyEvent, {
        kind: K;
    }>) => void): () => void;
    on<N extends keyof Handlers>(name: N, handler: (item: Handlers[N]) => void): () => void;
    on(pattern: `${string}.*` | "*", handler: (event: AnyEvent) => void): () => void;
    /** The events from here on, for `for await`. Its end ends the loop only; `close` ends the hub. */
    events(pattern?: string): AsyncIterableIterator<AnyEvent>;
    /** Everything that `on` can tell, in one order. */
    items(): AsyncIterableIterator<Item>;
    /** Resolves once everything up to now was delivered; rejects when the session ends before. */
    ready(): Promise<void>;
    /** Listens to more topics, from now on; with `snapshot` their state comes first. */
    add(topics: Iterable<string>, { snapshot }?: {
        snapshot?: boolean | undefined;
    }): void;
    /** Stops listening to topics. */
    remove(topics: Iterable<string>): void;
    /** Ends it all: links, timers, requests under way, loops over events. Resolves when the position is saved. */
    close(): Promise<void>;
}
