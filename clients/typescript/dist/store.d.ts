import type { Position } from "./items.js";
/**
 * Keeps one position. It is saved only after the application was given everything before it, so that a crash repeats
 * events and never skips any. Who must not see an event twice keeps `event.seq` with the event's effect, and gives it
 * back as `since`.
 */
export interface PositionStore {
    /** The position saved last. When this fails connecting fails: starting elsewhere would be a silent gap. */
    load(): Position | undefined | Promise<Position | undefined>;
    /** Replaces the position; called about every 5 s while events pass. */
    save(position: Position): void | Promise<void>;
}
/** Keeps the position as long as the object lives. */
export declare class MemoryStore implements PositionStore {
    position: Position | undefined;
    load(): Position | undefined;
    save(position: Position): void;
}
/** Keeps the position in a browser's `localStorage` (or `sessionStorage`) under a name. */
export declare class WebStore implements PositionStore {
    readonly name: string;
    readonly storage: Pick<Storage, "getItem" | "setItem">;
    constructor(name: string, storage?: Pick<Storage, "getItem" | "setItem">);
    load(): Position | undefined;
    save(position: Position): void;
}
/** Reads a position that was saved as JSON; throws when it is none. */
export declare function positionOf(text: string): Position;
