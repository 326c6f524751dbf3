// One websocket as the session sees it.
export function openingLink(id, token, now, within) {
    return {
        id,
        token,
        stage: "opening",
        resuming: false,
        asked: new Map(),
        topics: new Set(),
        heard: now,
        pingAfter: Infinity,
        silence: within,
        pinged: false,
        live: false,
    };
}
