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
import { adviceOn, reasonOf, stopOf, toldBy } from "./close.js";
import { converse } from "./conversation.js";
import { openingLink } from "./link.js";
import { Backoff } from "./timing.js";
/** The close code for a link this client is done with: the only one of the RFC's that a page may send. */
export const CLOSE_DONE = 1000;
export class Session {
    plan;
    position;
    /** The link that serves, and behind it the one that is to replace it. */
    links = [];
    /** Topics of which the application has the state, so that they can be resumed. */
    established = new Set();
    connected = false;
    stopped = false;
    #backoff = new Backoff();
    #openAt;
    #full = false;
    #ids = 0;
    #out = [];
    /** The token held; the one refused last, for offering it again would be an endless loop. */
    #token;
    #refused;
    #fetching = false;
    /** Whether a link is to be opened with the token that is being fetched. */
    #opens = false;
    #renewAt;
    /** A session that opens its first link at `now`. */
    constructor(plan, position, now) {
        this.plan = plan;
        this.position = position;
        this.#openAt = now;
        if (position)
            for (const topic of plan.topics.keys())
                this.established.add(topic);
    }
    /** Takes in what happened and says what to do. Whatever is due at this moment is done with it. */
    handle(at, input) {
        if (!this.stopped) {
            this.#take(at, input);
            this.#catchUpWithTime(at);
        }
        return this.#out.splice(0);
    }
    /** When a tick is wanted, whatever else comes before. */
    deadline() {
        if (this.stopped)
            return Infinity;
        const links = this.links.flatMap((link) => [
            link.pinged ? link.heard + link.silence : link.heard + Math.min(link.pingAfter, link.silence),
            link.askAgainAt ?? Infinity,
        ]);
        return Math.min(this.#openDue(), this.#renewDue(), ...links);
    }
    // ---- for the conversation ----------------------------------------------------------------------------------------
    emit(item) {
        this.#out.push({ do: "emit", item });
    }
    status(status) {
        this.emit({ type: "status", ...status });
    }
    send(link, message) {
        this.#ids += 1;
        this.#out.push({ do: "send", link: link.id, message: { ...message, id: this.#ids } });
        return this.#ids;
    }
    save() {
        if (this.position)
            this.#out.push({ do: "save", position: this.position });
    }
    /** Moves the position forward; false when it has been there. */
    advance(to) {
        const at = this.position;
        const fresh = !at || at.epoch !== to.epoch || at.seq < to.seq;
        if (fresh)
            this.position = to;
        return fresh;
    }
    keepOnly(link) {
        for (const other of this.links) {
            if (other !== link)
                this.#out.push({ do: "close", link: other.id });
        }
        this.links = [link];
    }
    dropLink(at, link, loss) {
        this.#out.push({ do: "close", link: link.id });
        this.#lose(at, link, loss);
    }
    stop(stop) {
        this.stopped = true;
        for (const link of this.links)
            this.#out.push({ do: "close", link: link.id });
        this.links = [];
        this.status({ state: "stopped", stop });
    }
    /** The token ends soon: fetch the next one, or with tickets open the next link. */
    expiring(at, link) {
        if (this.plan.credentials === "token")
            this.#renewAt = at.now;
        if (this.plan.credentials === "ticket")
            link.replaceAt = at.now;
    }
    /** Never offers a refused token again. One fetched since then is another matter. */
    discard(token) {
        if (token === undefined)
            return;
        if (this.#token === token)
            this.#token = undefined;
        this.#refused = token;
    }
    // ---- inside --------------------------------------------------------------------------------------------------------
    #take(at, input) {
        switch (input.on) {
            case "frame": {
                // A frame of a link that was closed may still be on its way in.
                const link = this.links.find((link) => link.id === input.link);
                if (link)
                    converse(this, at, link, input.text);
                return;
            }
            case "lost": {
                const link = this.links.find((link) => link.id === input.link);
                if (link)
                    this.#lose(at, link, input.loss);
                return;
            }
            case "token":
                return this.#tokenCame(at, input.token);
            case "no-token":
                return this.#noToken(at, input.reason);
            case "plan":
                for (const topic of this.established)
                    if (!this.plan.topics.has(topic))
                        this.established.delete(topic);
                // At once, so that a topic which comes back in the next breath begins anew, with its state.
                for (const link of this.links)
                    this.#giveBack(link);
                return;
            case "full":
                this.#full = true;
                for (const link of this.links)
                    this.#out.push({ do: "close", link: link.id });
                this.links = [];
                this.#openAt = undefined;
                this.connected = false;
                return this.status({ state: "paused" });
            case "room":
                this.#full = false;
                if (this.links.length === 0)
                    this.#openAt = at.now;
                return;
            case "online":
                if (this.#openAt !== undefined)
                    this.#openAt = at.now;
                return;
        }
    }
    #catchUpWithTime(at) {
        for (const link of [...this.links]) {
            if (this.stopped)
                return;
            if (link.heard + link.silence <= at.now) {
                this.dropLink(at, link, { how: "failed", reason: "the server fell silent" });
            }
            else if (!link.pinged && link.heard + link.pingAfter <= at.now) {
                link.pinged = true;
                this.send(link, { type: "ping" });
            }
        }
        if (this.stopped)
            return;
        if (this.#openDue() <= at.now) {
            for (const link of this.links)
                link.replaceAt = undefined;
            this.#open(at);
        }
        if (this.#renewDue() <= at.now) {
            this.#renewAt = undefined;
            this.#fetch();
        }
        this.#adjust(at);
    }
    #openDue() {
        if (this.#full || this.links.length > 1 || (this.#opens && this.#fetching))
            return Infinity;
        return this.#openAt ?? this.links[0]?.replaceAt ?? Infinity;
    }
    #renewDue() {
        return this.#fetching ? Infinity : (this.#renewAt ?? Infinity);
    }
    #open(at) {
        this.#openAt = undefined;
        if (this.#full)
            return;
        if (this.plan.credentials !== "none" && this.#token === undefined) {
            this.#opens = true;
            return this.#fetch();
        }
        this.#ids += 1;
        const token = this.#token;
        // A ticket opens one link.
        if (this.plan.credentials === "ticket")
            this.#token = undefined;
        if (this.links.length === 0 && !this.connected)
            this.status({ state: "connecting" });
        this.links.push(openingLink(this.#ids, token, at.now, this.plan.timing.openWithin));
        this.#out.push({ do: "open", link: this.#ids, ...(token === undefined ? {} : { token }) });
    }
    #fetch() {
        if (this.#fetching)
            return;
        this.#fetching = true;
        this.#out.push({ do: "fetch" });
    }
    #tokenCame(at, token) {
        this.#fetching = false;
        const opens = this.#opens;
        this.#opens = false;
        if (token === this.#refused) {
            // There is no use in opening a link. One that still serves may do so to its end.
            const stop = { why: "unauthorized", reason: "the same token came again" };
            if (opens && this.links.length === 0)
                this.stop(stop);
            else if (opens)
                this.#schedule(at, this.#backoff.next(this.plan.timing, at), stop.reason);
            return;
        }
        this.#renewAt = undefined;
        if (this.#token !== token) {
            this.#token = token;
            if (this.plan.credentials === "token")
                this.#present(token);
        }
        if (opens)
            this.#open(at);
    }
    #noToken(at, reason) {
        this.#fetching = false;
        const delay = this.#backoff.next(this.plan.timing, at);
        if (this.#opens)
            this.#schedule(at, delay, `no token: ${reason}`);
        else
            this.#renewAt = at.now + delay;
        this.#opens = false;
    }
    /** Replaces the credentials of links that have been greeted; one that is opening carries its own. */
    #present(token) {
        for (const link of this.links) {
            if (link.epoch !== undefined)
                link.presented = { id: this.send(link, { type: "auth", token }), token };
        }
    }
    /** Brings the topics of the one joined link in line with the plan. Two links wait until one is left. */
    #adjust(at) {
        const link = this.links[0];
        if (this.links.length !== 1 || !link || link.asked.size > 0)
            return;
        if ((link.askAgainAt ?? 0) > at.now)
            return;
        link.askAgainAt = undefined;
        if (link.stage === "idle" && this.plan.topics.size > 0)
            return this.subscribe(link);
        if (link.stage !== "joined")
            return;
        this.#giveBack(link);
        for (const snapshot of [false, true]) {
            const wanted = [...this.plan.topics].filter(([topic, wish]) => !link.topics.has(topic) && wish.snapshot === snapshot);
            if (wanted.length > 0)
                this.ask(link, wanted.map(([topic]) => topic), { snapshot });
        }
    }
    /** Lets a link go of the topics that nobody wants any more. */
    #giveBack(link) {
        const gone = [...link.topics].filter((topic) => !this.plan.topics.has(topic));
        if (gone.length === 0)
            return;
        this.send(link, { type: "unsubscribe", topics: gone });
        for (const topic of gone)
            link.topics.delete(topic);
    }
    /** The first subscribe of a link: it places the link behind the position, when there is one. */
    subscribe(link) {
        const known = [...this.plan.topics.keys()].filter((topic) => this.established.has(topic));
        // A position without a topic to resume is worth nothing: the first topics place the link anew.
        if (known.length === 0 && this.position && this.plan.topics.size > 0)
            this.position = undefined;
        if (this.plan.topics.size === 0) {
            link.stage = "idle";
            if (this.connected)
                return;
            // There is nothing to catch up with.
            this.connected = true;
            return this.status({ state: "live" });
        }
        if (!this.position)
            this.keepOnly(link);
        link.stage = "subscribing";
        link.resuming = this.position !== undefined;
        if (this.position) {
            // A position is resumed or refused, never quietly replaced by a snapshot.
            this.ask(link, known, { snapshot: false, epoch: this.position.epoch, since: this.position.seq });
        }
        else {
            const snapshot = [...this.plan.topics.values()].some((wish) => wish.snapshot);
            this.ask(link, [...this.plan.topics.keys()], { snapshot });
        }
    }
    ask(link, topics, more) {
        const kinds = this.plan.kinds.length > 0 ? { kinds: [...this.plan.kinds] } : {};
        for (const topic of topics)
            link.topics.add(topic);
        link.asked.set(this.send(link, { type: "subscribe", topics, ...kinds, ...more }), topics);
    }
    #lose(at, link, loss) {
        const index = this.links.indexOf(link);
        this.links.splice(index, 1);
        if (link.joinedAt !== undefined && at.now - link.joinedAt >= this.plan.timing.stableAfter)
            this.#backoff.clear();
        const advice = adviceOn(loss).act;
        if (advice === "token")
            this.discard(link.token);
        const other = this.links[0];
        if (other) {
            // The link that was replaced may go as it likes. Its replacement is tried again while the old one serves.
            if (index === 1)
                this.#schedule(at, this.#delay(at, link, loss), reasonOf(loss));
            else if (other.joinedAt === undefined)
                this.#reconnecting(0, reasonOf(loss));
        }
        else if (advice === "stop" || (advice === "token" && this.plan.credentials === "none")) {
            this.stop(stopOf(loss));
        }
        else {
            this.#schedule(at, this.#delay(at, link, loss), reasonOf(loss));
        }
    }
    /** How long to wait after a loss: as told, else as the close code advises. */
    #delay(at, link, loss) {
        const told = link.replaceAt ?? link.told ?? 0;
        const wait = toldBy(loss) ?? (told > at.now ? told - at.now : undefined);
        if (wait !== undefined)
            return wait;
        const advice = adviceOn(loss);
        if (advice.act === "spread")
            return advice.ms * at.roll;
        return (advice.act === "not-before" ? advice.ms : 0) + this.#backoff.next(this.plan.timing, at);
    }
    #schedule(at, delay, reason) {
        this.#openAt = at.now + delay;
        if (this.links.length === 0) {
            this.#renewAt = undefined;
            this.#reconnecting(delay, reason);
        }
    }
    #reconnecting(inMs, reason) {
        this.connected = false;
        this.status({ state: "reconnecting", inMs: Math.floor(inMs), reason });
    }
}
