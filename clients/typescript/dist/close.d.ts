/** What a lost link asks of the client. */
export type Advice = 
/** Do not come back. */
{
    act: "stop";
}
/** Come back at the time that was told, else after the usual backoff. */
 | {
    act: "resume";
}
/** Come back within this time, evenly spread: many links were lost at once. */
 | {
    act: "spread";
    ms: number;
}
/** Come back after the usual backoff on top of this time. */
 | {
    act: "not-before";
    ms: number;
}
/** Come back with another token. */
 | {
    act: "token";
};
/** How a link was lost. */
export type Loss = 
/** The server sent a close frame. */
{
    how: "closed";
    code: number;
    reason: string;
}
/** The server answered the opening request with an HTTP status. */
 | {
    how: "rejected";
    status: number;
    retryAfterMs?: number;
}
/** The server refused the subscription for good. */
 | {
    how: "refused";
    code: string;
    message: string;
}
/** The server refused the credentials inside the conversation. */
 | {
    how: "unauthorized";
    reason: string;
}
/** Anything else: no route, cut, silence, nonsense. */
 | {
    how: "failed";
    reason: string;
};
/** Why a session is over. */
export type Stop = {
    why: "closed";
    code: number;
    reason: string;
} | {
    why: "rejected";
    status: number;
} | {
    why: "refused";
    code: string;
    message: string;
} | {
    why: "unauthorized";
    reason: string;
} | {
    why: "no_topics";
};
/** Every close code the protocol names: its meaning, and the advice. A code that is not here is a lost link. */
export declare const CLOSE_CODES: ReadonlyMap<number, readonly [meaning: string, advice: Advice]>;
export declare function adviceOn(loss: Loss): Advice;
/** The waiting time that the server told with the loss itself, in milliseconds. */
export declare function toldBy(loss: Loss): number | undefined;
/** One line for people. */
export declare function reasonOf(loss: Loss): string;
/** The loss as the end of the session. */
export declare function stopOf(loss: Loss): Stop;
