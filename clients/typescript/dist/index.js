// The client of a tollbell hub: see README.md.
export { Api, ApiError } from "./api.js";
export { connect, Hub } from "./hub.js";
export { MemoryStore, WebStore } from "./store.js";
