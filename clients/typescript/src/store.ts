// Where the position is kept between two runs of the application.

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
export class MemoryStore implements PositionStore {
  position: Position | undefined;

  load(): Position | undefined {
    return this.position;
  }

  save(position: Position): void {
    this.position = position;
  }
}

/** Keeps the position in a browser's `localStorage` (or `sessionStorage`) under a name. */
export class WebStore implements PositionStore {
  constructor(
    readonly name: string,
    readonly storage: Pick<Storage, "getItem" | "setItem"> = localStorage,
  ) {}

  load(): Position | undefined {
    const text = this.storage.getItem(this.name);
    return text === null ? undefined : positionOf(text);
  }

  save(position: Position): void {
    this.storage.setItem(this.name, JSON.stringify(position));
  }
}

/** Reads a position that was saved as JSON; throws when it is none. */
export function positionOf(text: string): Position {
  const { epoch, seq } = JSON.parse(text);
  if (typeof epoch !== "string" || !Number.isSafeInteger(seq)) throw new Error(`no position: ${text}`);
  return { epoch, seq };
}
