// The state machine of a client's session, without IO: what happened goes in, what is to be done comes out.
//
// A session has one position and up to two links. Usually there is one link; while the server drains, the next one
// opens beside it. Events of both are accepted by one rule: a link that was subscribed with `since` delivers everything
// behind `since` in order, so whatever it brings beyond the position is the next event, and whatever is not beyond it is
// known. Links can therefore overlap without a gap or a duplicate, as long as there is a position to compare with; a
// link that subscribes without one becomes the only link.
//
// Invariants: the position never falls within an epoch, and rises only over what the application was given; a lost link
// leads to exactly one of: another link goes on, an attempt is due, a token is being fetched, the session has stopped.

import { adviceOn, reasonOf, stopOf, toldBy, type Loss, type Stop } from "./close.js";
import { converse } from "./conversation.js";
import type { Item, Position, StatusWords } from "./items.js";
import { openingLink, type Link } from "./link.js";
import { Backoff, type Moment, type Timing } from "./timing.js";
import type { ClientMessage } from "./wire.js";

/** The close code for a link this client is done with: the only one of the RFC's that a page may send. */
export const CLOSE_DONE = 1000;

/** What the application asked for. */
export interface Plan {
  /** The topics, and whether their state is wanted first. */
  topics: Map<string, { snapshot: boolean }>;
  kinds: readonly string[];
  /** The number behind which to begin, in whatever history the first greeting names. */
  beginAt?: number;
  /** A guest; a token that is good until it ends; or a ticket that opens one link. */
  credentials: "none" | "token" | "ticket";
  timing: Timing;
}

/** What happened. */
export type Input =
  | { on: "frame"; link: number; text: string }
  | { on: "lost"; link: number; loss: Loss }
  /** The answer to `fetch`: a token, or why there is none. */
  | { on: "token"; token: string }
  | { on: "no-token"; reason: string }
  /** The topics or their wishes in the plan have changed. */
  | { on: "plan" }
  /** The application can't take more; or can again. */
  | { on: "full" }
  | { on: "room" }
  /** The network is back: no use in waiting. */
  | { on: "online" }
  /** `deadline()` has come. */
  | { on: "tick" };

/** What is to be done, in this order. */
export type Action =
  | { do: "open"; link: number; token?: string }
  | { do: "send"; link: number; message: ClientMessage & { id: number } }
  /** Nothing of the link comes in any more. */
  | { do: "close"; link: number }
  | { do: "fetch" }
  | { do: "emit"; item: Item }
  /** Persist this once the application has taken everything emitted before. */
  | { do: "save"; position: Position };

export class Session {
  position: Position | undefined;
  /** The link that serves, and behind it the one that is to replace it. */
  links: Link[] = [];
  /** Topics of which the application has the state, so that they can be resumed. */
  readonly established = new Set<string>();
  connected = false;
  stopped = false;

  readonly #backoff = new Backoff();
  #openAt: number | undefined;
  #full = false;
  #ids = 0;
  #out: Action[] = [];
  /** The token held; the one refused last, for offering it again would be an endless loop. */
  #token: string | undefined;
  #refused: string | undefined;
  #fetching = false;
  /** Whether a link is to be opened with the token that is being fetched. */
  #opens = false;
  #renewAt: number | undefined;

  /** A session that opens its first link at `now`. */
  constructor(
    readonly plan: Plan,
    position: Position | undefined,
    now: number,
  ) {
    this.position = position;
    this.#openAt = now;
    if (position) for (const topic of plan.topics.keys()) this.established.add(topic);
  }

  /** Takes in what happened and says what to do. Whatever is due at this moment is done with it. */
  handle(at: Moment, input: Input): Action[] {
    if (!this.stopped) {
      this.#take(at, input);
      this.#catchUpWithTime(at);
    }
    return this.#out.splice(0);
  }

  /** When a tick is wanted, whatever else comes before. */
  deadline(): number {
    if (this.stopped) return Infinity;
    const links = this.links.flatMap((link) => [
      link.pinged ? link.heard + link.silence : link.heard + Math.min(link.pingAfter, link.silence),
      link.askAgainAt ?? Infinity,
    ]);
    return Math.min(this.#openDue(), this.#renewDue(), ...links);
  }

  // ---- for the conversation ----------------------------------------------------------------------------------------

  emit(item: Item): void {
    this.#out.push({ do: "emit", item });
  }

  status(status: StatusWords): void {
    this.emit({ type: "status", ...status });
  }

  send(link: Link, message: ClientMessage): number {
    this.#ids += 1;
    this.#out.push({ do: "send", link: link.id, message: { ...message, id: this.#ids } });
    return this.#ids;
  }

  save(): void {
    if (this.position) this.#out.push({ do: "save", position: this.position });
  }

  /** Moves the position forward; false when it has been there. */
  advance(to: Position): boolean {
    const at = this.position;
    const fresh = !at || at.epoch !== to.epoch || at.seq < to.seq;
    if (fresh) this.position = to;
    return fresh;
  }

  keepOnly(link: Link): void {
    for (const other of this.links) {
      if (other !== link) this.#out.push({ do: "close", link: other.id });
    }
    this.links = [link];
  }

  dropLink(at: Moment, link: Link, loss: Loss): void {
    this.#out.push({ do: "close", link: link.id });
    this.#lose(at, link, loss);
  }

  stop(stop: Stop): void {
    this.stopped = true;
    for (const link of this.links) this.#out.push({ do: "close", link: link.id });
    this.links = [];
    this.status({ state: "stopped", stop });
  }

  /** The token ends soon: fetch the next one, or with tickets open the next link. */
  expiring(at: Moment, link: Link): void {
    if (this.plan.credentials === "token") this.#renewAt = at.now;
    if (this.plan.credentials === "ticket") link.replaceAt = at.now;
  }

  /** Never offers a refused token again. One fetched since then is another matter. */
  discard(token: string | undefined): void {
    if (token === undefined) return;
    if (this.#token === token) this.#token = undefined;
    this.#refused = token;
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  #take(at: Moment, input: Input): void {
    switch (input.on) {
      case "frame": {
        // A frame of a link that was closed may still be on its way in.
        const link = this.links.find((link) => link.id === input.link);
        if (link) converse(this, at, link, input.text);
        return;
      }
      case "lost": {
        const link = this.links.find((link) => link.id === input.link);
        if (link) this.#lose(at, link, input.loss);
        return;
      }
      case "token":
        return this.#tokenCame(at, input.token);
      case "no-token":
        return this.#noToken(at, input.reason);
      case "plan":
        for (const topic of this.established) if (!this.plan.topics.has(topic)) this.established.delete(topic);
        // At once, so that a topic which comes back in the next breath begins anew, with its state.
        for (const link of this.links) this.#giveBack(link);
        return;
      case "full":
        this.#full = true;
        for (const link of this.links) this.#out.push({ do: "close", link: link.id });
        this.links = [];
        this.#openAt = undefined;
        this.connected = false;
        return this.status({ state: "paused" });
      case "room":
        this.#full = false;
        if (this.links.length === 0) this.#openAt = at.now;
        return;
      case "online":
        if (this.#openAt !== undefined) this.#openAt = at.now;
        return;
    }
  }

  #catchUpWithTime(at: Moment): void {
    for (const link of [...this.links]) {
      if (this.stopped) return;
      if (link.heard + link.silence <= at.now) {
        this.dropLink(at, link, { how: "failed", reason: "the server fell silent" });
      } else if (!link.pinged && link.heard + link.pingAfter <= at.now) {
        link.pinged = true;
        this.send(link, { type: "ping" });
      }
    }
    if (this.stopped) return;
    if (this.#openDue() <= at.now) {
      for (const link of this.links) link.replaceAt = undefined;
      this.#open(at);
    }
    if (this.#renewDue() <= at.now) {
      this.#renewAt = undefined;
      this.#fetch();
    }
    this.#adjust(at);
  }

  #openDue(): number {
    if (this.#full || this.links.length > 1 || (this.#opens && this.#fetching)) return Infinity;
    return this.#openAt ?? this.links[0]?.replaceAt ?? Infinity;
  }

  #renewDue(): number {
    return this.#fetching ? Infinity : (this.#renewAt ?? Infinity);
  }

  #open(at: Moment): void {
    this.#openAt = undefined;
    if (this.#full) return;
    if (this.plan.credentials !== "none" && this.#token === undefined) {
      this.#opens = true;
      return this.#fetch();
    }
    this.#ids += 1;
    const token = this.#token;
    // A ticket opens one link.
    if (this.plan.credentials === "ticket") this.#token = undefined;
    if (this.links.length === 0 && !this.connected) this.status({ state: "connecting" });
    this.links.push(openingLink(this.#ids, token, at.now, this.plan.timing.openWithin));
    this.#out.push({ do: "open", link: this.#ids, ...(token === undefined ? {} : { token }) });
  }

  #fetch(): void {
    if (this.#fetching) return;
    this.#fetching = true;
    this.#out.push({ do: "fetch" });
  }

  #tokenCame(at: Moment, token: string): void {
    this.#fetching = false;
    const opens = this.#opens;
    this.#opens = false;
    if (token === this.#refused) {
      // There is no use in opening a link. One that still serves may do so to its end.
      const stop: Stop = { why: "unauthorized", reason: "the same token came again" };
      if (opens && this.links.length === 0) this.stop(stop);
      else if (opens) this.#schedule(at, this.#backoff.next(this.plan.timing, at), stop.reason);
      return;
    }
    this.#renewAt = undefined;
    if (this.#token !== token) {
      this.#token = token;
      if (this.plan.credentials === "token") this.#present(token);
    }
    if (opens) this.#open(at);
  }

  #noToken(at: Moment, reason: string): void {
    this.#fetching = false;
    const delay = this.#backoff.next(this.plan.timing, at);
    if (this.#opens) this.#schedule(at, delay, `no token: ${reason}`);
    else this.#renewAt = at.now + delay;
    this.#opens = false;
  }

  /** Replaces the credentials of links that have been greeted; one that is opening carries its own. */
  #present(token: string): void {
    for (const link of this.links) {
      if (link.epoch !== undefined) link.presented = { id: this.send(link, { type: "auth", token }), token };
    }
  }

  /** Brings the topics of the one joined link in line with the plan. Two links wait until one is left. */
  #adjust(at: Moment): void {
    const link = this.links[0];
    if (this.links.length !== 1 || !link || link.asked.size > 0) return;
    if ((link.askAgainAt ?? 0) > at.now) return;
    link.askAgainAt = undefined;
    if (link.stage === "idle" && this.plan.topics.size > 0) return this.subscribe(link);
    if (link.stage !== "joined") return;
    this.#giveBack(link);
    for (const snapshot of [false, true]) {
      const wanted = [...this.plan.topics].filter(([topic, wish]) => !link.topics.has(topic) && wish.snapshot === snapshot);
      if (wanted.length > 0) this.ask(link, wanted.map(([topic]) => topic), { snapshot });
    }
  }

  /** Lets a link go of the topics that nobody wants any more. */
  #giveBack(link: Link): void {
    const gone = [...link.topics].filter((topic) => !this.plan.topics.has(topic));
    if (gone.length === 0) return;
    this.send(link, { type: "unsubscribe", topics: gone });
    for (const topic of gone) link.topics.delete(topic);
  }

  /** The first subscribe of a link: it places the link behind the position, when there is one. */
  subscribe(link: Link): void {
    const known = [...this.plan.topics.keys()].filter((topic) => this.established.has(topic));
    // A position without a topic to resume is worth nothing: the first topics place the link anew.
    if (known.length === 0 && this.position && this.plan.topics.size > 0) this.position = undefined;
    if (this.plan.topics.size === 0) {
      link.stage = "idle";
      if (this.connected) return;
      // There is nothing to catch up with.
      this.connected = true;
      return this.status({ state: "live" });
    }
    if (!this.position) this.keepOnly(link);
    link.stage = "subscribing";
    link.resuming = this.position !== undefined;
    if (this.position) {
      // A position is resumed or refused, never quietly replaced by a snapshot.
      this.ask(link, known, { snapshot: false, epoch: this.position.epoch, since: this.position.seq });
    } else {
      const snapshot = [...this.plan.topics.values()].some((wish) => wish.snapshot);
      this.ask(link, [...this.plan.topics.keys()], { snapshot });
    }
  }

  ask(link: Link, topics: string[], more: { snapshot: boolean; epoch?: string; since?: number }): void {
    const kinds = this.plan.kinds.length > 0 ? { kinds: [...this.plan.kinds] } : {};
    for (const topic of topics) link.topics.add(topic);
    link.asked.set(this.send(link, { type: "subscribe", topics, ...kinds, ...more }), topics);
  }

  #lose(at: Moment, link: Link, loss: Loss): void {
    const index = this.links.indexOf(link);
    this.links.splice(index, 1);
    if (link.joinedAt !== undefined && at.now - link.joinedAt >= this.plan.timing.stableAfter) this.#backoff.clear();
    const advice = adviceOn(loss).act;
    if (advice === "token") this.discard(link.token);
    const other = this.links[0];
    if (other) {
      // The link that was replaced may go as it likes. Its replacement is tried again while the old one serves.
      if (index === 1) this.#schedule(at, this.#delay(at, link, loss), reasonOf(loss));
      else if (other.joinedAt === undefined) this.#reconnecting(0, reasonOf(loss));
    } else if (advice === "stop" || (advice === "token" && this.plan.credentials === "none")) {
      this.stop(stopOf(loss));
    } else {
      this.#schedule(at, this.#delay(at, link, loss), reasonOf(loss));
    }
  }

  /** How long to wait after a loss: as told, else as the close code advises. */
  #delay(at: Moment, link: Link, loss: Loss): number {
    const told = link.replaceAt ?? link.told ?? 0;
    const wait = toldBy(loss) ?? (told > at.now ? told - at.now : undefined);
    if (wait !== undefined) return wait;
    const advice = adviceOn(loss);
    if (advice.act === "spread") return advice.ms * at.roll;
    return (advice.act === "not-before" ? advice.ms : 0) + this.#backoff.next(this.plan.timing, at);
  }

  #schedule(at: Moment, delay: number, reason: string): void {
    this.#openAt = at.now + delay;
    if (this.links.length === 0) {
      this.#renewAt = undefined;
      this.#reconnecting(delay, reason);
    }
  }

  #reconnecting(inMs: number, reason: string): void {
    this.connected = false;
    this.status({ state: "reconnecting", inMs: Math.floor(inMs), reason });
  }
}
