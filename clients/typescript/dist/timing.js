// How long the session waits for what.
export const TIMING = {
    backoffMin: 250,
    backoffMax: 20_000,
    stableAfter: 30_000,
    openWithin: 10_000,
    pingGrace: 10_000,
};
/**
 * Full jitter: the whole wait is random below a doubling ceiling, so that a thousand clients lost at once come back
 * spread out.
 */
export class Backoff {
    #failures = 0;
    next(timing, at) {
        const ceiling = Math.min(timing.backoffMin * 2 ** this.#failures, timing.backoffMax);
        this.#failures = Math.min(this.#failures + 1, 40);
        return ceiling * at.roll;
    }
    clear() {
        this.#failures = 0;
    }
}
