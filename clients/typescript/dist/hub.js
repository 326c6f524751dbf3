// The IO around the session: sockets, clock, chance, the source of tokens, the store and the application.
//
// It decides nothing. What happens is put into the session one by one, even what a handler of the application causes
// while it runs, and what the session wants done is done in its order.
import { Api, apiUrl } from "./api.js";
import { CLOSE_DONE, Session } from "./session.js";
import { Socket } from "./socket.js";
import { MemoryStore } from "./store.js";
import { STREAM_ITEMS_MAX, Stream } from "./stream.js";
import { TIMING } from "./timing.js";
/** Starts listening to a hub. It goes on, through lost links and restarts, until `close`. */
export function connect(options) {
    return new Hub(options);
}
export class Hub {
    /** Requests with the same credentials. */
    api;
    /** How the session is doing. */
    status = { type: "status", state: "connecting" };
    #options;
    #url;
    #store;
    #topics = new Map();
    #handlers = new Map();
    #streams = new Set();
    #sockets = new Map();
    #inputs = [];
    #session;
    #busy = false;
    #closed = false;
    #full = false;
    #timer;
    #saving;
    #unsaved;
    constructor(options) {
        this.#options = options;
        this.api = new Api(options);
        this.#url = apiUrl(options.url).replace(/^http/, "ws") + "/ws";
        this.#store = options.store ?? new MemoryStore();
        for (const topic of options.topics ?? [])
            this.#topics.set(topic, { snapshot: options.snapshot ?? false });
        globalThis.addEventListener?.("online", this.#online);
        void this.#start();
    }
    /** Where the application stands: everything up to here was handed to it. */
    get position() {
        return this.#session?.position;
    }
    on(name, handler) {
        const handlers = this.#handlers.get(name) ?? new Set();
        this.#handlers.set(name, handlers.add(handler));
        return () => void handlers.delete(handler);
    }
    /** The events from here on, for `for await`. Its end ends the loop only; `close` ends the hub. */
    events(pattern = "*") {
        const names = (kind) => pattern === "*" || patternsOf(kind).includes(pattern);
        return this.#stream((item) => item.type === "event" && names(item.kind));
    }
    /** Everything that `on` can tell, in one order. */
    items() {
        return this.#stream((item) => item.type !== undefined);
    }
    /** Resolves once everything up to now was delivered; rejects when the session ends before. */
    ready() {
        return new Promise((resolve, reject) => {
            const judge = (status) => {
                if (status.state !== "live" && status.state !== "stopped")
                    return;
                off();
                if (status.state === "live")
                    resolve();
                else
                    reject(Object.assign(new Error("the session has stopped"), { stop: status.stop }));
            };
            const off = this.on("status", judge);
            judge(this.status);
        });
    }
    /** Listens to more topics, from now on; with `snapshot` their state comes first. */
    add(topics, { snapshot = false } = {}) {
        for (const topic of topics)
            this.#topics.set(topic, { snapshot });
        this.#feed({ on: "plan" });
    }
    /** Stops listening to topics. */
    remove(topics) {
        for (const topic of topics)
            this.#topics.delete(topic);
        this.#feed({ on: "plan" });
    }
    /** Ends it all: links, timers, requests under way, loops over events. Resolves when the position is saved. */
    async close() {
        this.#end({ why: "closed", code: CLOSE_DONE, reason: "the application closed it" });
        await this.#saving;
    }
    async #start() {
        const { kinds, since, timing, token, ticket } = this.#options;
        try {
            const known = await this.#store.load();
            if (this.#closed)
                return;
            const position = known ?? (typeof since === "object" ? since : undefined);
            const plan = {
                topics: this.#topics,
                kinds: [...(kinds ?? [])],
                ...(typeof since === "number" && !position ? { beginAt: since } : {}),
                credentials: ticket ? "ticket" : token === undefined ? "none" : "token",
                timing: { ...TIMING, ...timing },
            };
            this.#session = new Session(plan, position, performance.now());
            this.#feed({ on: "tick" });
        }
        catch (error) {
            this.#end({ why: "refused", code: "store", message: `the position can't be read: ${error.message}` });
        }
    }
    #feed(input) {
        this.#inputs.push(input);
        if (this.#busy || !this.#session || this.#closed)
            return;
        this.#busy = true;
        for (let next = this.#inputs.shift(); next && !this.#closed; next = this.#inputs.shift()) {
            const actions = this.#session.handle({ now: performance.now(), roll: Math.random() }, next);
            for (const action of actions)
                if (!this.#closed)
                    this.#perform(action);
        }
        this.#busy = false;
        clearTimeout(this.#timer);
        const wait = this.#session.deadline() - performance.now();
        if (!this.#closed && wait < Infinity) {
            this.#timer = setTimeout(() => this.#feed({ on: "tick" }), Math.min(Math.max(wait, 0) + 1, 2 ** 31 - 1));
        }
    }
    #perform(action) {
        switch (action.do) {
            case "open":
                return this.#open(action.link, action.token);
            case "send":
                return this.#sockets.get(action.link)?.send(JSON.stringify(action.message));
            case "close":
                this.#sockets.get(action.link)?.close(CLOSE_DONE);
                return void this.#sockets.delete(action.link);
            case "fetch":
                return void this.#fetch();
            case "emit":
                return this.#emit(action.item);
            case "save":
                return this.#reached(action.position);
        }
    }
    #open(link, token) {
        const make = (this.#options.WebSocket ?? globalThis.WebSocket);
        if (!make) {
            const message = "this runtime has no WebSocket; give one, such as that of the package ws";
            return this.#end({ why: "refused", code: "no_websocket", message });
        }
        const ticket = this.#options.ticket !== undefined && token !== undefined;
        const url = ticket ? `${this.#url}?ticket=${encodeURIComponent(token)}` : this.#url;
        const lost = (loss) => {
            this.#sockets.delete(link);
            this.#feed({ on: "lost", link, loss });
        };
        const told = {
            text: (text) => this.#feed({ on: "frame", link, text }),
            lost: (loss, opened) => {
                // A page is not told with which status its socket was refused. Whether it is the token can be asked.
                if (opened || token === undefined || ticket || loss.how !== "failed")
                    return lost(loss);
                void this.api.judge(token).then((judged) => lost(judged ?? loss));
            },
        };
        try {
            this.#sockets.set(link, new Socket(make, url, ticket ? undefined : token, told));
        }
        catch (error) {
            queueMicrotask(() => lost({ how: "failed", reason: error.message }));
        }
    }
    async #fetch() {
        const { token, ticket } = this.#options;
        const source = ticket ?? token;
        try {
            const fresh = await (typeof source === "function" ? source() : source);
            if (typeof fresh !== "string" || fresh === "")
                throw new Error("the source gave none");
            if (!ticket)
                this.api.token = fresh;
            this.#feed({ on: "token", token: fresh });
        }
        catch (error) {
            this.#feed({ on: "no-token", reason: error.message });
        }
    }
    #emit(item) {
        if (item.type === "status")
            this.status = item;
        for (const stream of this.#streams) {
            if (!stream.wants(item))
                continue;
            stream.put(item);
            if (stream.waiting >= STREAM_ITEMS_MAX && !this.#full) {
                this.#full = true;
                this.#feed({ on: "full" });
            }
        }
        for (const name of item.type === "event" ? patternsOf(item.kind) : [item.type]) {
            for (const handler of [...(this.#handlers.get(name) ?? [])]) {
                try {
                    handler(item);
                }
                catch (error) {
                    // The handler's fault is the application's to see, and not a reason to lose what comes next.
                    this.#report(error);
                }
            }
        }
        if (item.type === "status" && item.state === "stopped")
            this.#end();
    }
    #stream(wants) {
        const stream = new Stream(wants, (stream) => {
            if (stream.over)
                this.#streams.delete(stream);
            const room = [...this.#streams].every(({ waiting }) => waiting < STREAM_ITEMS_MAX / 2);
            if (this.#full && room) {
                this.#full = false;
                this.#feed({ on: "room" });
            }
        });
        if (this.#closed)
            stream.end();
        else
            this.#streams.add(stream);
        return stream;
    }
    /** Saves a position once every stream has come past it. */
    #reached(position) {
        if (this.#streams.size === 0)
            return this.#save(position);
        const milestone = { position, waiting: this.#streams.size, reached: (at) => this.#save(at) };
        for (const stream of this.#streams)
            stream.put(milestone);
    }
    #save(position) {
        this.#unsaved = position;
        this.#saving ??= this.#saveAll();
    }
    /** One save at a time, and only the newest of those that wait. */
    async #saveAll() {
        while (this.#unsaved) {
            const position = this.#unsaved;
            this.#unsaved = undefined;
            try {
                await this.#store.save(position);
            }
            catch (error) {
                // The older position stays, which costs a repetition and no event.
                this.#report(error);
            }
        }
        // In the same breath as the look at what waits, or a position could come in between and stay.
        this.#saving = undefined;
    }
    #report(error) {
        if (this.#options.onError)
            return this.#options.onError(error);
        queueMicrotask(() => {
            throw error;
        });
    }
    #end(stop) {
        if (this.#closed)
            return;
        if (stop)
            this.#emit({ type: "status", state: "stopped", stop });
        this.#closed = true;
        clearTimeout(this.#timer);
        globalThis.removeEventListener?.("online", this.#online);
        for (const socket of this.#sockets.values())
            socket.close(CLOSE_DONE);
        this.#sockets.clear();
        this.api.close();
        for (const stream of this.#streams)
            stream.end();
        this.#streams.clear();
    }
    #online = () => this.#feed({ on: "online" });
}
/** What `on` may have been given for an event of this kind. */
function patternsOf(kind) {
    const parts = kind.split(".");
    return [kind, ...parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join(".")}.*`), "*"];
}
