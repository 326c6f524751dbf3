import type { Loss } from "./close.js";
/** Why a request has no result. */
export declare class ApiError extends Error {
    /** The HTTP status; 0 when no answer came, and then a change may have had its effect. */
    readonly status: number;
    /** The stable code, such as `insufficient_funds`. */
    readonly code: string;
    /** More about it, as it was sent. */
    readonly details?: any | undefined;
    readonly name = "ApiError";
    constructor(
    /** The HTTP status; 0 when no answer came, and then a change may have had its effect. */
    status: number, 
    /** The stable code, such as `insufficient_funds`. */
    code: string, message: string, 
    /** More about it, as it was sent. */
    details?: any | undefined);
}
export interface RequestOptions {
    body?: unknown;
    query?: Record<string, string | number | boolean | undefined>;
    headers?: Record<string, string>;
    /** The idempotency key. A fresh one when absent; give your own to repeat a change across restarts. */
    key?: string;
    signal?: AbortSignal;
}
export declare class Api {
    #private;
    /** The credentials; a guest's requests have none. */
    token: string | undefined;
    readonly base: string;
    constructor(options: {
        url: string;
        token?: unknown;
        fetch?: typeof fetch;
    });
    get<T = any>(path: string, query?: RequestOptions["query"]): Promise<T>;
    post<T = any>(path: string, body?: unknown, more?: RequestOptions): Promise<T>;
    patch<T = any>(path: string, body: unknown, more?: RequestOptions): Promise<T>;
    delete<T = any>(path: string, more?: RequestOptions): Promise<T>;
    /**
     * Sends a request until it has an answer that another attempt would not better. A path without a slash in front is
     * below `/api/v1`. Gives what is inside `data`, or the whole body of an answer that has another envelope.
     */
    request<T = any>(method: string, path: string, options?: RequestOptions): Promise<T>;
    /** Asks what the server thinks of a token with which no link could be opened. */
    judge(token: string): Promise<Loss | undefined>;
    /** Ends the requests under way. */
    close(): void;
}
/** The address of the API, without a slash behind it; throws when `text` is no address of a hub. */
export declare function apiUrl(text: string): string;
