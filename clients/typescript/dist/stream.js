// What `for await` reads: a bounded buffer between the session and an application that takes its time.
/** Items wait here at the most; then the hub lets its link go, and resumes it when half of them are taken. */
export const STREAM_ITEMS_MAX = 10_000;
export class Stream {
    wants;
    moved;
    #queue = [];
    #taken = 0;
    #wake;
    #over = false;
    constructor(wants, 
    /** Tells that items were taken, or that nobody reads any more. */
    moved) {
        this.wants = wants;
        this.moved = moved;
    }
    get waiting() {
        return this.#queue.length - this.#taken;
    }
    get over() {
        return this.#over;
    }
    put(item) {
        this.#queue.push(item);
        this.#wake?.();
    }
    /** Nothing more comes; what is there can still be read. */
    end() {
        this.#over = true;
        this.#wake?.();
    }
    async next() {
        for (;;) {
            const item = this.#take();
            if (item === undefined) {
                if (this.#over)
                    return { done: true, value: undefined };
                await new Promise((wake) => (this.#wake = wake));
            }
            else if ("waiting" in item) {
                // Whoever asks for the next item is done with those before it.
                pass(item);
            }
            else {
                return { done: false, value: item };
            }
        }
    }
    async return() {
        this.#over = true;
        for (let item = this.#take(); item; item = this.#take())
            if ("waiting" in item)
                pass(item);
        this.moved(this);
        return { done: true, value: undefined };
    }
    [Symbol.asyncIterator]() {
        return this;
    }
    #take() {
        const item = this.#queue[this.#taken];
        if (item === undefined)
            return undefined;
        this.#taken += 1;
        // Shifting each item would be quadratic.
        if (this.#taken >= 1024 || this.#taken === this.#queue.length) {
            this.#queue = this.#queue.slice(this.#taken);
            this.#taken = 0;
        }
        this.moved(this);
        return item;
    }
}
function pass(milestone) {
    milestone.waiting -= 1;
    if (milestone.waiting === 0)
        milestone.reached(milestone.position);
}
