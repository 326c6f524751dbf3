// The messages of `tollbell.v1` as this client reads and writes them. Unknown fields and types are ignored.
/** What must be there, and be of this type, for a message to mean anything. */
const NEEDED = {
    welcome: { epoch: "string", ping_s: "number" },
    subscribed: { mode: "string", from: "number" },
    snapshot: { topic: "string", seq: "number", part: "number" },
    event: { seq: "number", kind: "string", topics: "object" },
    hint: { kind: "string" },
    live: { seq: "number" },
    mark: { seq: "number" },
    ok: {},
    expiring: {},
    drain: { reconnect_in_ms: "number" },
    revoked: { topics: "object", code: "string" },
    error: { code: "string" },
};
/** Reads a text frame; throws when it is none of the protocol. */
export function parse(text) {
    const message = JSON.parse(text);
    if (typeof message?.type !== "string")
        throw new Error("it is no message");
    const needed = Object.hasOwn(NEEDED, message.type) ? NEEDED[message.type] : undefined;
    if (!needed)
        return { type: "other" };
    for (const [field, type] of Object.entries(needed)) {
        const value = message[field];
        const right = typeof value === type && value !== null && (type !== "number" || value >= 0);
        if (!right)
            throw new Error(`${message.type} lacks ${field}`);
    }
    return message;
}
