import type { Link } from "./link.js";
import type { Session } from "./session.js";
import type { Moment } from "./timing.js";
/** Takes in a frame of a link that the session holds. */
export declare function converse(session: Session, at: Moment, link: Link, text: string): void;
