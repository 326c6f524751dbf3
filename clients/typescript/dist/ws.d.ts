import { type SocketClass } from "./socket.js";
/** The `WebSocket` option for `connect`, from the class that `ws` exports. */
export declare function socketOf(ws: unknown): SocketClass;
