// Where the position is kept between two runs of the application.
/** Keeps the position as long as the object lives. */
export class MemoryStore {
    position;
    load() {
        return this.position;
    }
    save(position) {
        this.position = position;
    }
}
/** Keeps the position in a browser's `localStorage` (or `sessionStorage`) under a name. */
export class WebStore {
    name;
    storage;
    constructor(name, storage = localStorage) {
        this.name = name;
        this.storage = storage;
    }
    load() {
        const text = this.storage.getItem(this.name);
        return text === null ? undefined : positionOf(text);
    }
    save(position) {
        this.storage.setItem(this.name, JSON.stringify(position));
    }
}
/** Reads a position that was saved as JSON; throws when it is none. */
export function positionOf(text) {
    const { epoch, seq } = JSON.parse(text);
    if (typeof epoch !== "string" || !Number.isSafeInteger(seq))
        throw new Error(`no position: ${text}`);
    return { epoch, seq };
}
