import type { Position } from "./items.js";
import { type PositionStore } from "./store.js";
/** The file is replaced as a whole, so that a crash leaves the old or the new one. Its folder must exist. */
export declare class FileStore implements PositionStore {
    readonly path: string;
    constructor(path: string);
    load(): Promise<Position | undefined>;
    save(position: Position): Promise<void>;
}
