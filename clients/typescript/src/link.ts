// One websocket as the session sees it.

export interface Link {
  id: number;
  /** `opening` until the greeting; `idle` when there is no topic to ask for; `joined` when the first were granted. */
  stage: "opening" | "idle" | "subscribing" | "joined";
  /** Whether the subscribe under way named a position. */
  resuming: boolean;
  /** What was asked and not yet answered: the topics of each subscribe, by its id. */
  asked: Map<number, string[]>;
  /** Topics that were asked for on this link and not given back. */
  topics: Set<string>;
  /** The history the server speaks of; none before its greeting. */
  epoch?: string;
  /** The token the server knows this link by. */
  token?: string;
  /** The `auth` request still unanswered, and its token. */
  presented?: { id: number; token: string };
  /** The last sign of life, or when opening began. */
  heard: number;
  /** How long silence is borne before this client asks, and how long after it. */
  pingAfter: number;
  silence: number;
  /** Whether a ping waits for its answer. */
  pinged: boolean;
  /** When the first subscription was granted. */
  joinedAt?: number;
  /** Whether the catch-up of that is complete. */
  live: boolean;
  /** When the server wants this link to be replaced. */
  replaceAt?: number;
  /** Before when the server does not want to hear of us again. */
  told?: number;
  /** When a subscribe that was refused for now is tried again. */
  askAgainAt?: number;
}

export function openingLink(id: number, token: string | undefined, now: number, within: number): Link {
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
