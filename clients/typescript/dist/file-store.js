// Keeps the position in a small JSON file, for Node.
import { open, readFile, rename } from "node:fs/promises";
import { positionOf } from "./store.js";
/** The file is replaced as a whole, so that a crash leaves the old or the new one. Its folder must exist. */
export class FileStore {
    path;
    constructor(path) {
        this.path = path;
    }
    async load() {
        try {
            return positionOf(await readFile(this.path, "utf8"));
        }
        catch (error) {
            if (error.code === "ENOENT")
                return undefined;
            throw error;
        }
    }
    async save(position) {
        const fresh = `${this.path}.new`;
        const file = await open(fresh, "w");
        try {
            await file.writeFile(JSON.stringify(position));
            await file.sync();
        }
        finally {
            await file.close();
        }
        await rename(fresh, this.path);
    }
}
