// Requests that read or change something. Every change carries a key of its own and repeats it, so that trying again
// is safe.
/** How often one request is sent at most. */
const ATTEMPTS_MAX = 4;
/** The longest wait before another attempt. A server that asks for more gets its answer passed on. */
const RETRY_MS_MAX = 30_000;
/** How long one attempt may take, answer included. */
const ATTEMPT_MS_MAX = 30_000;
/** Why a request has no result. */
export class ApiError extends Error {
    status;
    code;
    details;
    name = "ApiError";
    constructor(
    /** The HTTP status; 0 when no answer came, and then a change may have had its effect. */
    status, 
    /** The stable code, such as `insufficient_funds`. */
    code, message, 
    /** More about it, as it was sent. */
    details) {
        super(message);
        this.status = status;
        this.code = code;
        this.details = details;
    }
}
export class Api {
    /** The credentials; a guest's requests have none. */
    token;
    base;
    #fetch;
    #closed = new AbortController();
    constructor(options) {
        this.base = apiUrl(options.url);
        this.token = typeof options.token === "string" ? options.token : undefined;
        // Unbound, a browser's fetch refuses to be called.
        this.#fetch = options.fetch ?? fetch.bind(globalThis);
    }
    get(path, query) {
        return this.request("GET", path, query ? { query } : {});
    }
    post(path, body = {}, more = {}) {
        return this.request("POST", path, { ...more, body });
    }
    patch(path, body, more = {}) {
        return this.request("PATCH", path, { ...more, body });
    }
    delete(path, more = {}) {
        return this.request("DELETE", path, more);
    }
    /**
     * Sends a request until it has an answer that another attempt would not better. A path without a slash in front is
     * below `/api/v1`. Gives what is inside `data`, or the whole body of an answer that has another envelope.
     */
    async request(method, path, options = {}) {
        const url = new URL(path.startsWith("/") ? new URL(path, this.base).href : `${this.base}/${path}`);
        for (const [name, value] of Object.entries(options.query ?? {})) {
            if (value !== undefined)
                url.searchParams.set(name, String(value));
        }
        const headers = { accept: "application/json", ...options.headers };
        if (this.token !== undefined)
            headers.authorization = `Bearer ${this.token}`;
        if (method !== "GET")
            headers["idempotency-key"] = options.key ?? uuid();
        const init = { method, headers, redirect: "error" };
        if (options.body !== undefined) {
            headers["content-type"] = "application/json";
            init.body = JSON.stringify(options.body);
        }
        for (let attempt = 1;; attempt += 1) {
            const answer = await this.#exchange(url, init, options.signal);
            const wait = attempt < ATTEMPTS_MAX ? retryWait(answer, attempt) : undefined;
            if (wait === undefined)
                return read(answer);
            await this.#sleep(wait, options.signal);
        }
    }
    /** Asks what the server thinks of a token with which no link could be opened. */
    async judge(token) {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await this.#exchange(new URL(`${this.base}/session`), { headers });
        return answer.status === 401 ? { how: "rejected", status: 401 } : undefined;
    }
    /** Ends the requests under way. */
    close() {
        this.#closed.abort();
    }
    async #exchange(url, init, signal) {
        const stop = new AbortController();
        const cancel = () => stop.abort();
        const timer = setTimeout(cancel, ATTEMPT_MS_MAX);
        const signals = [this.#closed.signal, ...(signal ? [signal] : [])];
        for (const one of signals)
            one.addEventListener("abort", cancel);
        try {
            if (signals.some((one) => one.aborted))
                stop.abort();
            const response = await this.#fetch(url.href, { ...init, signal: stop.signal });
            const told = Number(response.headers.get("retry-after") ?? NaN);
            const text = await response.text();
            return { status: response.status, text, retryAfterMs: Number.isFinite(told) ? told * 1000 : undefined };
        }
        catch (error) {
            return { status: 0, text: error.message, over: signals.some((one) => one.aborted) };
        }
        finally {
            clearTimeout(timer);
            for (const one of signals)
                one.removeEventListener("abort", cancel);
        }
    }
    #sleep(ms, signal) {
        return new Promise((resolve) => {
            const timer = setTimeout(resolve, ms);
            const wake = () => {
                clearTimeout(timer);
                resolve();
            };
            this.#closed.signal.addEventListener("abort", wake, { once: true });
            signal?.addEventListener("abort", wake, { once: true });
        });
    }
}
/** How long to wait before sending again; none when it would be of no use. */
function retryWait(answer, attempt) {
    const jitter = 250 * 2 ** attempt * Math.random();
    if (answer.status === 0)
        return answer.over ? undefined : jitter;
    if (answer.status !== 429 && answer.status !== 503)
        return undefined;
    const wait = (answer.retryAfterMs ?? 0) + jitter;
    return wait <= RETRY_MS_MAX ? wait : undefined;
}
function read(answer) {
    const { status, text } = answer;
    if (status === 0)
        throw new ApiError(0, "unreachable", answer.over ? "the request was ended" : `no answer: ${text}`);
    let body;
    try {
        body = text === "" ? undefined : JSON.parse(text);
    }
    catch {
        throw new ApiError(status, "unexpected", `the server answered ${status} with an unexpected body`);
    }
    if (status >= 200 && status < 300)
        return body && typeof body === "object" && "data" in body ? body.data : body;
    const error = body?.error ?? body;
    if (typeof error?.code !== "string")
        throw new ApiError(status, "unexpected", `the server answered ${status}`);
    throw new ApiError(status, error.code, error.message ?? error.code, error.details);
}
/** The address of the API, without a slash behind it; throws when `text` is no address of a hub. */
export function apiUrl(text) {
    const url = new URL(text);
    url.protocol = url.protocol.replace("ws", "http");
    if (url.protocol !== "http:" && url.protocol !== "https:")
        throw new TypeError(`${text} is no address of a hub`);
    return `${url.origin}${url.pathname.replace(/\/+$/, "")}/api/v1`;
}
/** Pages that did not come over TLS have no `crypto.randomUUID`. */
function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
