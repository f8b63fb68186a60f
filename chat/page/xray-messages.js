// What was said: who had it when, and what has no number yet. Pure.

import { isMember } from "./xray-tracks.js";

/** As many messages as are known, and as many as one client may have said without a number. */
export const MOST_MESSAGES = 400;

/**
 * @typedef {object} Message
 * @property {string} room
 * @property {number | undefined} seq unknown until it is stored, and of direct messages
 * @property {import("./xray-seen.js").Lane} from
 * @property {number | undefined} received
 * @property {number | undefined} stored
 * @property {Map<Lane, number>} sent when the system took it for whom
 * @property {Map<Lane, number>} acked when who said so
 * @property {Set<Lane>} missed who will not get it
 * @property {number} of how many members were in the room when it was stored
 * @property {{clients: number, us: number} | undefined} told how many members had it at once, where that is told; none of them is in `sent`
 */

/** @returns {Message} one that nobody has */
export const messageOf = (room, from, more) => ({ room, from, sent: new Map(), acked: new Map(), missed: new Set(), of: 0, told: undefined, ...more });

/** The members it was sent to, and when. */
export const members = ({ sent }) => [...sent].filter(([lane]) => isMember(lane));

export class Messages {
  /** @type {Map<string, Message>} by room and number, the oldest first */
  #stored = new Map();
  /** What a client said that has no number yet. @type {Map<Lane, Message[]>} */
  #pending = new Map();
  /** The newest direct message. @type {Message | undefined} */
  direct;

  find(room, seq) {
    return this.#stored.get(key(room, seq));
  }

  received(message) {
    const waiting = this.#pending.get(message.from) ?? [];
    this.#pending.set(message.from, waiting);
    waiting.push(message);
    if (waiting.length > MOST_MESSAGES) waiting.shift();
  }

  /** What a client said longest ago, in this room or in any, of what has no number yet; not any more. */
  next(lane, room) {
    const waiting = this.#pending.get(lane);
    const at = waiting?.findIndex((message) => room === undefined || message.room === room) ?? -1;
    const [message] = at < 0 ? [] : waiting.splice(at, 1);
    if (waiting?.length === 0) this.#pending.delete(lane);
    return message;
  }

  stored(message) {
    this.#stored.set(key(message.room, message.seq), message);
    if (this.#stored.size > MOST_MESSAGES) this.#stored.delete(this.#stored.keys().next().value);
  }

  /** Who has something, has all before it. */
  acked(lane, room, seq, at) {
    for (const message of [...this.#stored.values()].reverse()) {
      if (message.room !== room || message.seq > seq) continue;
      if (message.acked.has(lane)) return;
      if (message.sent.has(lane)) message.acked.set(lane, at);
    }
  }

  missed(lane, room, after, next) {
    for (const message of this.#stored.values()) {
      if (message.room === room && message.seq > after && message.seq < next) message.missed.add(lane);
    }
  }

  /** Events are missing: what follows may be about something else. */
  skipped() {
    this.#pending.clear();
  }

  clear() {
    this.#stored.clear();
    this.#pending.clear();
    this.direct = undefined;
  }
}

const key = (room, seq) => `${room} ${seq}`;
