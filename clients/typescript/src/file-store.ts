// Keeps the position in a small JSON file, for Node.

import { open, readFile, rename } from "node:fs/promises";

import type { Position } from "./items.js";
import { positionOf, type PositionStore } from "./store.js";

/** The file is replaced as a whole, so that a crash leaves the old or the new one. Its folder must exist. */
export class FileStore implements PositionStore {
  constructor(readonly path: string) {}

  async load(): Promise<Position | undefined> {
    try {
      return positionOf(await readFile(this.path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async save(position: Position): Promise<void> {
    const fresh = `${this.path}.new`;
    const file = await open(fresh, "w");
    try {
      await file.writeFile(JSON.stringify(position));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.path);
  }
}
