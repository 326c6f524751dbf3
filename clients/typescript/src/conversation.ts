// The conversation on a link: what each message of the server means for the session.

import type { Loss } from "./close.js";
import type { Gap, Position } from "./items.js";
import type { Link } from "./link.js";
import type { Session } from "./session.js";
import type { Moment } from "./timing.js";
import { parse, type ServerMessage } from "./wire.js";

type Told<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** Takes in a frame of a link that the session holds. */
export function converse(session: Session, at: Moment, link: Link, text: string): void {
  let message: ServerMessage;
  try {
    message = parse(text);
    if (link.epoch === undefined && message.type !== "welcome") throw new Error("no greeting came first");
    // A link that is opening has until its deadline, whatever it says before the greeting.
    link.heard = at.now;
    link.pinged = false;
  } catch (error) {
    // Skipping a frame could skip an event. The position has not moved, so resuming brings it again.
    const reason = `a frame of the server is malformed: ${(error as Error).message}`;
    return session.dropLink(at, link, { how: "failed", reason });
  }
  const serves = link === session.links[0];
  switch (message.type) {
    case "welcome":
      return welcome(session, link, message);
    case "event": {
      if (link.joinedAt === undefined) {
        const loss: Loss = { how: "failed", reason: "an event came before the subscription was accepted" };
        return session.dropLink(at, link, loss);
      }
      const first = session.position === undefined;
      if (session.advance(place(link, message.seq))) session.emit(message);
      if (first) session.save();
      return;
    }
    case "mark":
      // Between the parts of a first snapshot a mark says nothing: the parts still missing have no number.
      if (session.position && link.joinedAt !== undefined) {
        if (session.advance(place(link, message.seq))) session.emit({ type: "mark", seq: message.seq });
        session.save();
      }
      return;
    case "subscribed":
      return subscribed(session, at, link, message);
    case "snapshot":
      if (!serves) return;
      if (message.last && session.plan.topics.has(message.topic)) session.established.add(message.topic);
      if (session.plan.topics.get(message.topic)?.snapshot) session.emit(message);
      return;
    case "live":
      return live(session, link, message.seq);
    case "hint":
      if (serves) session.emit(message);
      return;
    case "expiring":
      return session.expiring(at, link);
    case "drain":
      link.replaceAt = at.now + message.reconnect_in_ms;
      if (serves) session.status({ state: "draining", inMs: message.reconnect_in_ms });
      return;
    case "ok":
      if (link.presented && link.presented.id === message.id) {
        link.token = link.presented.token;
        link.presented = undefined;
      }
      return;
    case "revoked":
      return revoked(session, message.topics, message.code);
    case "error":
      return refusal(session, at, link, message);
  }
}

function welcome(session: Session, link: Link, message: Told<"welcome">): void {
  if (link.epoch !== undefined) return;
  const { plan } = session;
  // Taken once: after a gap the session begins anew at the head, not at the number that could not be had.
  if (plan.beginAt !== undefined && !session.position) {
    session.position = { epoch: message.epoch, seq: plan.beginAt };
    for (const topic of plan.topics.keys()) session.established.add(topic);
  }
  plan.beginAt = undefined;
  link.epoch = message.epoch;
  link.pingAfter = message.ping_s * 1000;
  link.silence = link.pingAfter + plan.timing.pingGrace;
  session.subscribe(link);
}

function subscribed(session: Session, at: Moment, link: Link, answer: Told<"subscribed">): void {
  const topics = link.asked.get(answer.id as number);
  // Without its id an answer is that to the first subscribe.
  const first = link.stage === "subscribing";
  if (!topics && !first) return;
  if (topics) link.asked.delete(answer.id as number);
  else link.asked.clear();
  if (first && link.resuming && answer.mode !== "resumed") gap(session, link, "gone", undefined);
  // The state of a topic comes with its snapshot.
  const granted = [...(topics ?? link.topics)].filter((topic) => session.plan.topics.has(topic));
  if (answer.mode !== "snapshot") for (const topic of granted) session.established.add(topic);
  if (!first) return;
  link.stage = "joined";
  link.joinedAt = at.now;
  if (!session.connected) {
    session.connected = true;
    session.status({ state: "resuming" });
  }
  // With a snapshot the position is that behind it, and not held before all its parts are there.
  if (!session.position && answer.mode !== "snapshot") {
    session.advance(place(link, Math.max(answer.from - 1, 0)));
    session.save();
  }
}

function live(session: Session, link: Link, seq: number): void {
  if (link.joinedAt === undefined) return;
  session.advance(place(link, seq));
  session.save();
  if (link.live) return;
  link.live = true;
  // A replacement that has caught up lets the link go that it replaces, and the application notices nothing.
  session.keepOnly(link);
  session.status({ state: "live" });
}

function revoked(session: Session, lost: string[], code: string): void {
  const held = lost.filter((topic) => session.plan.topics.delete(topic));
  for (const topic of held) {
    session.established.delete(topic);
    for (const link of session.links) link.topics.delete(topic);
  }
  if (held.length === 0) return;
  session.emit({ type: "revoked", topics: held, code });
  if (session.plan.topics.size === 0) session.stop({ why: "no_topics" });
}

function refusal(session: Session, at: Moment, link: Link, refused: Told<"error">): void {
  const { code, message } = refused;
  if (refused.retry_after_ms !== undefined) link.told = at.now + refused.retry_after_ms;
  const topics = link.asked.get(refused.id as number);
  if (!topics) {
    // A refused `auth` is followed by the close that says what to do.
    if (link.presented && link.presented.id === refused.id) {
      session.discard(link.presented.token);
      link.presented = undefined;
    }
    return;
  }
  link.asked.delete(refused.id as number);
  const later = refused.retry || code === "rate_limited";
  if (link.stage !== "subscribing") {
    for (const topic of topics) link.topics.delete(topic);
    if (later) {
      link.askAgainAt = link.told ?? at.now + session.plan.timing.backoffMax * at.roll;
    } else {
      apart(session, link, topics, refused);
    }
    return;
  }
  const ofTopics = code === "forbidden" || code === "not_found" || code === "bad_request";
  if (ofTopics && !link.resuming && topics.length + link.asked.size > 1) {
    apart(session, link, topics, refused);
  } else if ((code === "gone" || code === "epoch_changed") && link.resuming) {
    gap(session, link, code, refused.oldest);
    session.subscribe(link);
  } else if (code === "unauthorized" || code === "token_expired") {
    session.dropLink(at, link, { how: "unauthorized", reason: message });
  } else if (later) {
    const reason = `the server cannot subscribe now: ${message} (${code})`;
    session.dropLink(at, link, { how: "failed", reason });
  } else {
    session.dropLink(at, link, { how: "refused", code, message });
  }
}

/** One of several topics is the reason: each is asked for by itself, and those that can be had are. */
function apart(session: Session, link: Link, topics: string[], { code, message }: Told<"error">): void {
  if (topics.length > 1) {
    for (const topic of topics) session.ask(link, [topic], { snapshot: !!session.plan.topics.get(topic)?.snapshot });
  } else {
    for (const topic of topics) {
      session.plan.topics.delete(topic);
      link.topics.delete(topic);
    }
    session.emit({ type: "revoked", topics, code, message });
  }
}

/** Tells the application what it lost. What follows on this link begins anew. */
function gap(session: Session, link: Link, reason: Gap["reason"], oldest: number | undefined): void {
  session.keepOnly(link);
  if (!session.position) return;
  const held = session.position;
  session.position = undefined;
  session.established.clear();
  session.emit({ type: "gap", reason, held, ...(oldest === undefined ? {} : { oldest }) });
}

function place(link: Link, seq: number): Position {
  return { epoch: link.epoch ?? "", seq };
}
