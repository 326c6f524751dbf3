// The part of a WebSocket that this client uses, so that any implementation of it can be given.
const SUBPROTOCOL = "tollbell.v1.json";
/** The subprotocol entry that carries a token begins so, for pages can set no header. */
export const BEARER = "bearer.";
/** One attempt, and its link until it is lost. After `close` it says nothing more. */
export class Socket {
    #socket;
    #opened = false;
    constructor(make, url, token, told) {
        const protocols = token === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, BEARER + base64url(token)];
        const socket = new make(url, protocols);
        this.#socket = socket;
        let fault = "";
        const mine = (act) => (event) => {
            if (this.#socket === socket)
                act(event);
        };
        socket.onopen = mine(() => (this.#opened = true));
        socket.onmessage = mine((event) => told.text(typeof event.data === "string" ? event.data : "a binary frame"));
        socket.onerror = mine((event) => (fault = event?.message ?? ""));
        socket.onclose = mine((event) => {
            this.#socket = undefined;
            const code = event?.code ?? 1006;
            // Implementations that know with which status a socket was refused may say so.
            if (event?.status) {
                return told.lost({ how: "rejected", status: event.status, retryAfterMs: event.retryAfterMs }, this.#opened);
            }
            // 1005 and 1006 are no codes of the server's: the link was cut.
            const closed = code !== 1005 && code !== 1006;
            const reason = fault || (this.#opened ? "the link was cut" : "the server can't be reached");
            told.lost(closed ? { how: "closed", code, reason: event?.reason ?? "" } : { how: "failed", reason }, this.#opened);
        });
    }
    send(text) {
        // A socket that is closing takes nothing more, and tells that it is lost by itself.
        if (this.#socket?.readyState === 1)
            this.#socket.send(text);
    }
    close(code) {
        const socket = this.#socket;
        this.#socket = undefined;
        // Without a handler an implementation may throw what goes wrong while it closes.
        if (socket)
            socket.onerror = () => { };
        socket?.close(code);
    }
}
function base64url(text) {
    const bytes = String.fromCharCode(...new TextEncoder().encode(text));
    return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
