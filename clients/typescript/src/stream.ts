// What `for await` reads: a bounded buffer between the session and an application that takes its time.

import type { Item, Position } from "./items.js";

/** A position that may be saved once every stream has come past it. */
export interface Milestone {
  position: Position;
  waiting: number;
  reached: (position: Position) => void;
}

/** Items wait here at the most; then the hub lets its link go, and resumes it when half of them are taken. */
export const STREAM_ITEMS_MAX = 10_000;

export class Stream<T extends Item> implements AsyncIterableIterator<T> {
  #queue: (T | Milestone)[] = [];
  #taken = 0;
  #wake: (() => void) | undefined;
  #over = false;

  constructor(
    readonly wants: (item: Item) => item is T,
    /** Tells that items were taken, or that nobody reads any more. */
    readonly moved: (stream: Stream<T>) => void,
  ) {}

  get waiting(): number {
    return this.#queue.length - this.#taken;
  }

  get over(): boolean {
    return this.#over;
  }

  put(item: T | Milestone): void {
    this.#queue.push(item);
    this.#wake?.();
  }

  /** Nothing more comes; what is there can still be read. */
  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      const item = this.#take();
      if (item === undefined) {
        if (this.#over) return { done: true, value: undefined };
        await new Promise<void>((wake) => (this.#wake = wake));
      } else if ("waiting" in item) {
        // Whoever asks for the next item is done with those before it.
        pass(item);
      } else {
        return { done: false, value: item };
      }
    }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#over = true;
    for (let item = this.#take(); item; item = this.#take()) if ("waiting" in item) pass(item);
    this.moved(this);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): T | Milestone | undefined {
    const item = this.#queue[this.#taken];
    if (item === undefined) return undefined;
    this.#taken += 1;
    // Shifting each item would be quadratic.
    if (this.#taken >= 1024 || this.#taken === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#taken);
      this.#taken = 0;
    }
    this.moved(this);
    return item;
  }
}

function pass(milestone: Milestone): void {
  milestone.waiting -= 1;
  if (milestone.waiting === 0) milestone.reached(milestone.position);
}
