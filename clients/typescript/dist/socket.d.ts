import type { Loss } from "./close.js";
export interface SocketLike {
    readonly readyState: number;
    onopen: ((event: any) => void) | null;
    onmessage: ((event: any) => void) | null;
    onclose: ((event: any) => void) | null;
    onerror: ((event: any) => void) | null;
    send(text: string): void;
    close(code?: number, reason?: string): void;
}
export type SocketClass = new (url: string, protocols?: string[]) => SocketLike;
/** The subprotocol entry that carries a token begins so, for pages can set no header. */
export declare const BEARER = "bearer.";
/** One attempt, and its link until it is lost. After `close` it says nothing more. */
export declare class Socket {
    #private;
    constructor(make: SocketClass, url: string, token: string | undefined, told: {
        text(text: string): void;
        lost(loss: Loss, opened: boolean): void;
    });
    send(text: string): void;
    close(code: number): void;
}
