// The IO around the session: sockets, clock, chance, the source of tokens, the store and the application.
//
// It decides nothing. What happens is put into the session one by one, even what a handler of the application causes
// while it runs, and what the session wants done is done in its order.

import { Api, apiUrl } from "./api.js";
import type { Loss } from "./close.js";
import type { Gap, Item, Mark, Position, Revoked, Snapshot, Status } from "./items.js";
import { CLOSE_DONE, Session, type Action, type Input } from "./session.js";
import { Socket, type SocketClass } from "./socket.js";
import { MemoryStore, type PositionStore } from "./store.js";
import { STREAM_ITEMS_MAX, Stream, type Milestone } from "./stream.js";
import { TIMING, type Timing } from "./timing.js";
import type { AnyEvent, AnyHint, Events } from "./types.js";

export interface Options {
  /** The address of the hub, such as `https://hub.example`. */
  url: string;
  topics?: Iterable<string>;
  /** Which kinds of events: `payment.made`, `payment.*`. All of them when absent. */
  kinds?: Iterable<string>;
  /** Begin with the state of each topic. */
  snapshot?: boolean;
  /** A token, or what gets one: it is asked again before the token ends and when the server refuses it. */
  token?: string | (() => string | Promise<string>);
  /** Instead of `token`: what gets a ticket, which opens one link. */
  ticket?: () => string | Promise<string>;
  /** Where the position is kept. Without one it is kept as long as the object lives. */
  store?: PositionStore;
  /** The event behind which to begin, when the store has no position: a number of the log as it is, or a position. */
  since?: number | Position;
  /** For Node before 22: the class of a package such as `ws`, best by `socketOf` of `tollbell/ws`. */
  WebSocket?: unknown;
  fetch?: typeof fetch;
  timing?: Partial<Timing>;
  /** Is told what a handler throws, and that a position could not be saved. By default it is thrown where nobody waits. */
  onError?: (error: unknown) => void;
}

/** What `on` can name besides the kinds of events, which all have a dot or a star. */
export interface Handlers {
  status: Status;
  snapshot: Snapshot;
  hint: AnyHint;
  gap: Gap;
  revoked: Revoked;
  mark: Mark;
}

type Handler = (item: any) => void;

/** Starts listening to a hub. It goes on, through lost links and restarts, until `close`. */
export function connect(options: Options): Hub {
  return new Hub(options);
}

export class Hub {
  /** Requests with the same credentials. */
  readonly api: Api;
  /** How the session is doing. */
  status: Status = { type: "status", state: "connecting" };

  readonly #options: Options;
  readonly #url: string;
  readonly #store: PositionStore;
  readonly #topics = new Map<string, { snapshot: boolean }>();
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #streams = new Set<Stream<any>>();
  readonly #sockets = new Map<number, Socket>();
  readonly #inputs: Input[] = [];
  #session: Session | undefined;
  #busy = false;
  #closed = false;
  #full = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> | undefined;
  #unsaved: Position | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.api = new Api(options);
    this.#url = apiUrl(options.url).replace(/^http/, "ws") + "/ws";
    this.#store = options.store ?? new MemoryStore();
    for (const topic of options.topics ?? []) this.#topics.set(topic, { snapshot: options.snapshot ?? false });
    globalThis.addEventListener?.("online", this.#online);
    void this.#start();
  }

  /** Where the application stands: everything up to here was handed to it. */
  get position(): Position | undefined {
    return this.#session?.position;
  }

  /**
   * Calls `handler` for every event of a kind (`payment.made`), a family (`payment.*`) or any (`*`), or for what
   * `Handlers` names. Returns what undoes it.
   */
  on<K extends keyof Events>(kind: K, handler: (event: Extract<AnyEvent, { kind: K }>) => void): () => void;
  on<N extends keyof Handlers>(name: N, handler: (item: Handlers[N]) => void): () => void;
  on(pattern: `${string}.*` | "*", handler: (event: AnyEvent) => void): () => void;
  on(name: string, handler: Handler): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  /** The events from here on, for `for await`. Its end ends the loop only; `close` ends the hub. */
  events(pattern: string = "*"): AsyncIterableIterator<AnyEvent> {
    const names = (kind: string) => pattern === "*" || patternsOf(kind).includes(pattern);
    return this.#stream((item): item is AnyEvent => item.type === "event" && names(item.kind));
  }

  /** Everything that `on` can tell, in one order. */
  items(): AsyncIterableIterator<Item> {
    return this.#stream((item): item is Item => item.type !== undefined);
  }

  /** Resolves once everything up to now was delivered; rejects when the session ends before. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const judge = (status: Status) => {
        if (status.state !== "live" && status.state !== "stopped") return;
        off();
        if (status.state === "live") resolve();
        else reject(Object.assign(new Error("the session has stopped"), { stop: status.stop }));
      };
      const off = this.on("status", judge);
      judge(this.status);
    });
  }

  /** Listens to more topics, from now on; with `snapshot` their state comes first. */
  add(topics: Iterable<string>, { snapshot = false } = {}): void {
    for (const topic of topics) this.#topics.set(topic, { snapshot });
    this.#feed({ on: "plan" });
  }

  /** Stops listening to topics. */
  remove(topics: Iterable<string>): void {
    for (const topic of topics) this.#topics.delete(topic);
    this.#feed({ on: "plan" });
  }

  /** Ends it all: links, timers, requests under way, loops over events. Resolves when the position is saved. */
  async close(): Promise<void> {
    this.#end({ why: "closed", code: CLOSE_DONE, reason: "the application closed it" });
    await this.#saving;
  }

  async #start(): Promise<void> {
    const { kinds, since, timing, token, ticket } = this.#options;
    try {
      const known = await this.#store.load();
      if (this.#closed) return;
      const position = known ?? (typeof since === "object" ? since : undefined);
      const plan = {
        topics: this.#topics,
        kinds: [...(kinds ?? [])],
        ...(typeof since === "number" && !position ? { beginAt: since } : {}),
        credentials: ticket ? "ticket" : token === undefined ? "none" : "token",
        timing: { ...TIMING, ...timing },
      } as const;
      this.#session = new Session(plan, position, performance.now());
      this.#feed({ on: "tick" });
    } catch (error) {
      this.#end({ why: "refused", code: "store", message: `the position can't be read: ${(error as Error).message}` });
    }
  }

  #feed(input: Input): void {
    this.#inputs.push(input);
    if (this.#busy || !this.#session || this.#closed) return;
    this.#busy = true;
    for (let next = this.#inputs.shift(); next && !this.#closed; next = this.#inputs.shift()) {
      const actions = this.#session.handle({ now: performance.now(), roll: Math.random() }, next);
      for (const action of actions) if (!this.#closed) this.#perform(action);
    }
    this.#busy = false;
    clearTimeout(this.#timer);
    const wait = this.#session.deadline() - performance.now();
    if (!this.#closed && wait < Infinity) {
      this.#timer = setTimeout(() => this.#feed({ on: "tick" }), Math.min(Math.max(wait, 0) + 1, 2 ** 31 - 1));
    }
  }

  #perform(action: Action): void {
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

  #open(link: number, token: string | undefined): void {
    const make = (this.#options.WebSocket ?? globalThis.WebSocket) as SocketClass | undefined;
    if (!make) {
      const message = "this runtime has no WebSocket; give one, such as that of the package ws";
      return this.#end({ why: "refused", code: "no_websocket", message });
    }
    const ticket = this.#options.ticket !== undefined && token !== undefined;
    const url = ticket ? `${this.#url}?ticket=${encodeURIComponent(token)}` : this.#url;
    const lost = (loss: Loss) => {
      this.#sockets.delete(link);
      this.#feed({ on: "lost", link, loss });
    };
    const told = {
      text: (text: string) => this.#feed({ on: "frame", link, text }),
      lost: (loss: Loss, opened: boolean) => {
        // A page is not told with which status its socket was refused. Whether it is the token can be asked.
        if (opened || token === undefined || ticket || loss.how !== "failed") return lost(loss);
        void this.api.judge(token).then((judged) => lost(judged ?? loss));
      },
    };
    try {
      this.#sockets.set(link, new Socket(make, url, ticket ? undefined : token, told));
    } catch (error) {
      queueMicrotask(() => lost({ how: "failed", reason: (error as Error).message }));
    }
  }

  async #fetch(): Promise<void> {
    const { token, ticket } = this.#options;
    const source = ticket ?? token;
    try {
      const fresh = await (typeof source === "function" ? source() : source);
      if (typeof fresh !== "string" || fresh === "") throw new Error("the source gave none");
      if (!ticket) this.api.token = fresh;
      this.#feed({ on: "token", token: fresh });
    } catch (error) {
      this.#feed({ on: "no-token", reason: (error as Error).message });
    }
  }

  #emit(item: Item): void {
    if (item.type === "status") this.status = item;
    for (const stream of this.#streams) {
      if (!stream.wants(item)) continue;
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
        } catch (error) {
          // The handler's fault is the application's to see, and not a reason to lose what comes next.
          this.#report(error);
        }
      }
    }
    if (item.type === "status" && item.state === "stopped") this.#end();
  }

  #stream<T extends Item>(wants: (item: Item) => item is T): Stream<T> {
    const stream = new Stream(wants, (stream) => {
      if (stream.over) this.#streams.delete(stream);
      const room = [...this.#streams].every(({ waiting }) => waiting < STREAM_ITEMS_MAX / 2);
      if (this.#full && room) {
        this.#full = false;
        this.#feed({ on: "room" });
      }
    });
    if (this.#closed) stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  /** Saves a position once every stream has come past it. */
  #reached(position: Position): void {
    if (this.#streams.size === 0) return this.#save(position);
    const milestone: Milestone = { position, waiting: this.#streams.size, reached: (at) => this.#save(at) };
    for (const stream of this.#streams) stream.put(milestone);
  }

  #save(position: Position): void {
    this.#unsaved = position;
    this.#saving ??= this.#saveAll();
  }

  /** One save at a time, and only the newest of those that wait. */
  async #saveAll(): Promise<void> {
    while (this.#unsaved) {
      const position = this.#unsaved;
      this.#unsaved = undefined;
      try {
        await this.#store.save(position);
      } catch (error) {
        // The older position stays, which costs a repetition and no event.
        this.#report(error);
      }
    }
    // In the same breath as the look at what waits, or a position could come in between and stay.
    this.#saving = undefined;
  }

  #report(error: unknown): void {
    if (this.#options.onError) return this.#options.onError(error);
    queueMicrotask(() => {
      throw error;
    });
  }

  #end(stop?: Extract<Status, { state: "stopped" }>["stop"]): void {
    if (this.#closed) return;
    if (stop) this.#emit({ type: "status", state: "stopped", stop });
    this.#closed = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#online);
    for (const socket of this.#sockets.values()) socket.close(CLOSE_DONE);
    this.#sockets.clear();
    this.api.close();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
  }

  readonly #online = (): void => this.#feed({ on: "online" });
}

/** What `on` may have been given for an event of this kind. */
function patternsOf(kind: string): string[] {
  const parts = kind.split(".");
  return [kind, ...parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join(".")}.*`), "*"];
}
