import type { Item, Position } from "./items.js";
/** A position that may be saved once every stream has come past it. */
export interface Milestone {
    position: Position;
    waiting: number;
    reached: (position: Position) => void;
}
/** Items wait here at the most; then the hub lets its link go, and resumes it when half of them are taken. */
export declare const STREAM_ITEMS_MAX = 10000;
export declare class Stream<T extends Item> implements AsyncIterableIterator<T> {
    #private;
    readonly wants: (item: Item) => item is T;
    /** Tells that items were taken, or that nobody reads any more. */
    readonly moved: (stream: Stream<T>) => void;
    constructor(wants: (item: Item) => item is T, 
    /** Tells that items were taken, or that nobody reads any more. */
    moved: (stream: Stream<T>) => void);
    get waiting(): number;
    get over(): boolean;
    put(item: T | Milestone): void;
    /** Nothing more comes; what is there can still be read. */
    end(): void;
    next(): Promise<IteratorResult<T, undefined>>;
    return(): Promise<IteratorResult<T, undefined>>;
    [Symbol.asyncIterator](): this;
}
