// How a link can be lost, and what to do then: the one table of close codes.

/** What a lost link asks of the client. */
export type Advice =
  /** Do not come back. */
  | { act: "stop" }
  /** Come back at the time that was told, else after the usual backoff. */
  | { act: "resume" }
  /** Come back within this time, evenly spread: many links were lost at once. */
  | { act: "spread"; ms: number }
  /** Come back after the usual backoff on top of this time. */
  | { act: "not-before"; ms: number }
  /** Come back with another token. */
  | { act: "token" };

/** How a link was lost. */
export type Loss =
  /** The server sent a close frame. */
  | { how: "closed"; code: number; reason: string }
  /** The server answered the opening request with an HTTP status. */
  | { how: "rejected"; status: number; retryAfterMs?: number }
  /** The server refused the subscription for good. */
  | { how: "refused"; code: string; message: string }
  /** The server refused the credentials inside the conversation. */
  | { how: "unauthorized"; reason: string }
  /** Anything else: no route, cut, silence, nonsense. */
  | { how: "failed"; reason: string };

/** Why a session is over. */
export type Stop =
  | { why: "closed"; code: number; reason: string }
  | { why: "rejected"; status: number }
  | { why: "refused"; code: string; message: string }
  | { why: "unauthorized"; reason: string }
  | { why: "no_topics" };

const resume: Advice = { act: "resume" };
const stop: Advice = { act: "stop" };
const token: Advice = { act: "token" };

/** Every close code the protocol names: its meaning, and the advice. A code that is not here is a lost link. */
export const CLOSE_CODES: ReadonlyMap<number, readonly [meaning: string, advice: Advice]> = new Map([
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

export function adviceOn(loss: Loss): Advice {
  switch (loss.how) {
    case "closed":
      return CLOSE_CODES.get(loss.code)?.[1] ?? resume;
    case "unauthorized":
      return token;
    case "refused":
      return stop;
    case "rejected":
      if (loss.status === 401) return token;
      // A request that is wrong stays wrong; these three are about the moment, not the request.
      if (loss.status === 408 || loss.status === 425 || loss.status === 429) return resume;
      return loss.status >= 400 && loss.status < 500 ? stop : resume;
    case "failed":
      return resume;
  }
}

/** The waiting time that the server told with the loss itself, in milliseconds. */
export function toldBy(loss: Loss): number | undefined {
  if (loss.how === "rejected") return loss.retryAfterMs;
  if (loss.how !== "closed") return undefined;
  // It is JSON or `retry_after_ms=1500`.
  const found = /retry_after_ms["\s:=]*(\d{1,12})(?!\d)/.exec(loss.reason);
  return found ? Number(found[1]) : undefined;
}

/** One line for people. */
export function reasonOf(loss: Loss): string {
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
export function stopOf(loss: Loss): Stop {
  const reason = reasonOf(loss);
  if (loss.how === "closed" && adviceOn(loss).act === "stop") return { why: "closed", code: loss.code, reason };
  if (loss.how === "rejected" && loss.status !== 401) return { why: "rejected", status: loss.status };
  if (loss.how === "refused") return { why: "refused", code: loss.code, message: loss.message };
  return { why: "unauthorized", reason };
}
