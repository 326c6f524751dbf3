export { Api, ApiError, type RequestOptions } from "./api.js";
export type { Stop } from "./close.js";
export { connect, Hub, type Handlers, type Options } from "./hub.js";
export type { Gap, Item, Mark, Position, Revoked, Snapshot, Status } from "./items.js";
export { MemoryStore, WebStore, type PositionStore } from "./store.js";
export type { Timing } from "./timing.js";
export type * from "./types.js";
