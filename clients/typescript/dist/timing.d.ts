/** Waiting times of the link in milliseconds. The defaults suit everyone; tests make them short. */
export interface Timing {
    /** The ceiling of the first random wait before an attempt; it doubles with each failure. Default 250. */
    backoffMin: number;
    /** The highest ceiling. Default 20,000. */
    backoffMax: number;
    /** A link that lasted this long clears the count of failures. Default 30,000. */
    stableAfter: number;
    /** How long opening a socket may take until the server's greeting. Default 10,000. */
    openWithin: number;
    /** How long the answer to a ping may take once the link was silent for the server's interval. Default 10,000. */
    pingGrace: number;
}
export declare const TIMING: Timing;
/** Time and chance, as the caller of the session gives them: milliseconds that never go back, and 0 <= roll < 1. */
export interface Moment {
    now: number;
    roll: number;
}
/**
 * Full jitter: the whole wait is random below a doubling ceiling, so that a thousand clients lost at once come back
 * spread out.
 */
export declare class Backoff {
    #private;
    next(timing: Timing, at: Moment): number;
    clear(): void;
}
