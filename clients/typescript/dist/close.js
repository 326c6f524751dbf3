// How a link can be lost, and what to do then: the one table of close codes.
const resume = { act: "resume" };
const stop = { act: "stop" };
const token = { act: "token" };
/** Every close code the protocol names: its meaning, and the advice. A code that is not here is a lost link. */
export const CLOSE_CODES = new Map([
    [1000, ["the conversation is over", stop]],
    [1001, ["the server is going away", resume]],
    [1009, ["a frame was too large", stop]],
    [1012, ["the server restarts", { act: "spread", ms: 5000 }]],
    [1013, ["the server is overloaded", { act: "not-before", ms: 5000 }]],
    [4400, ["a message was malformed", stop]],
    [4401, ["the credentials are bad or revoked", token]],
    [4403, ["the token has expired", token]],
    [4408, ["a ping went unanswered", resume]],
    [4413, ["the link took no byte for too long", resume]],
    [4429, ["too many commands or connections", resume]],
    [4500, ["the server failed", resume]],
]);
export function adviceOn(loss) {
    switch (loss.how) {
        case "closed":
            return CLOSE_CODES.get(loss.code)?.[1] ?? resume;
        case "unauthorized":
            return token;
        case "refused":
            return stop;
        case "rejected":
            if (loss.status === 401)
                return token;
            // A request that is wrong stays wrong; these three are about the moment, not the request.
            if (loss.status === 408 || loss.status === 425 || loss.status === 429)
                return resume;
            return loss.status >= 400 && loss.status < 500 ? stop : resume;
        case "failed":
            return resume;
    }
}
/** The waiting time that the server told with the loss itself, in milliseconds. */
export function toldBy(loss) {
    if (loss.how === "rejected")
        return loss.retryAfterMs;
    if (loss.how !== "closed")
        return undefined;
    // It is JSON or `retry_after_ms=1500`.
    const found = /retry_after_ms["\s:=]*(\d{1,12})(?!\d)/.exec(loss.reason);
    return found ? Number(found[1]) : undefined;
}
/** One line for people. */
export function reasonOf(loss) {
    switch (loss.how) {
        case "closed":
            return `${loss.reason || (CLOSE_CODES.get(loss.code)?.[0] ?? "the link was closed")} (${loss.code})`;
        case "rejected":
            return `the server answered with HTTP ${loss.status}`;
        case "refused":
            return `${loss.message} (${loss.code})`;
        case "unauthorized":
        case "failed":
            return loss.reason;
    }
}
/** The loss as the end of the session. */
export function stopOf(loss) {
    const reason = reasonOf(loss);
    if (loss.how === "closed" && adviceOn(loss).act === "stop")
        return { why: "closed", code: loss.code, reason };
    if (loss.how === "rejected" && loss.status !== 401)
        return { why: "rejected", status: loss.status };
    if (loss.how === "refused")
        return { why: "refused", code: loss.code, message: loss.message };
    return { why: "unauthorized", reason };
}
