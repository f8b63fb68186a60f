// The story of a room: one row for each event that matters, one lane for each client. Pure.

import { said } from "./xray-event.js";

export const MOST_ROWS = 400;
const MOST_MESSAGES = 400;
/** Deliveries of what was said before that follow each other so closely are one row. */
const TOGETHER_US = 2_000_000;
const SERVER = new Set(["room_opened", "room_closed", "trimmed", "store_failed", "read_failed", "accept_failed", "index_damaged", "drained"]);

/**
 * @typedef {object} Row
 * @property {number} n counts from 0 and is never used twice
 * @property {"join"|"left"|"said"|"again"|"out"|"catch"|"gap"|"reset"|"refused"|"lagging"|"stalled"|"anew"|"skipped"|"server"} kind
 * @property {number} at
 * @property {import("./xray-seen.js").Lane} [lane] whom it is about
 * @property {Message} [message]
 */

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
 * @property {number} of how many were in the room when it was stored
 * @property {{clients: number, us: number} | undefined} told where deliveries are only told together
 */

export class Model {
  /** @type {Row[]} */
  rows = [];
  /** Who is drawn from which row to which. @type {Map<Lane, {first: number, last: number, marks: Map<string, number>}>} */
  tracks = new Map();
  #room;
  #n = 0;
  /** @type {Map<string, Message>} by room and number, the oldest first */
  #messages = new Map();
  /** What a client said that has no number yet. @type {Map<Lane, Message[]>} */
  #pending = new Map();
  /** The newest direct message. */
  #direct;
  #present = new Set();

  /** @param {string} room whose story it is; empty for all rooms */
  constructor(room = "", lanes = [], at = -Infinity) {
    this.#room = room;
    for (const lane of lanes) {
      const stays = room ? [lane.rooms.get(room)] : [...lane.rooms.values()];
      if (stays.some((stay) => stay && stay.from < at && stay.until > at)) this.#enter(lane, -1);
    }
  }

  /** How many are in the room, as far as the story tells. */
  get present() {
    return this.#present.size;
  }

  /** Whether a step belongs here: it names the room, or is about a client who is in it. */
  concerns({ room, lane }) {
    if (!this.#room) return true;
    if (room !== undefined) return room === this.#room;
    return !lane || lane.rooms.size === 0 || lane.rooms.has(this.#room);
  }

  /** Whether somebody was in the room when a message was said. */
  wasHere(lane, { said: { n } }) {
    const track = this.tracks.get(lane);
    return track !== undefined && lane.wire !== "http" && track.first < n && track.last > n;
  }

  /** Events that nobody has. */
  skipped(count, at) {
    this.#pending.clear();
    this.#row("skipped", { at, count });
  }

  /** @param {import("./xray-event.js").Step} step as `Seen` left it */
  add(step) {
    if (step.anew) this.#begin(step.at);
    if (!this.concerns(step)) return;
    const { what, at, lane, data } = step;
    if (what === "lost") this.skipped(data.lost, at);
    else if (what === "pumped") this.#told(step);
    else if (SERVER.has(what)) this.#row("server", { at, what, why: data.error });
    else if (!lane) return;
    else if (what === "joined") this.#join(lane, at);
    else if (what === "accepted" && data.wire === "sse") this.#join(lane, at);
    else if (what === "left" || (what === "closed" && lane.wire === "sse")) this.#leave(lane, at, data.why);
    else if (what === "received") this.#received(step);
    else if (what === "stored") this.#stored(step);
    else if (what === "repeated") this.#repeated(step);
    else if (what === "sent") this.#sent(lane, step.room, data.seq, at);
    else if (what === "batch") this.#batch(step);
    else if (what === "acked") this.#acked(lane, step.room, data.seq, at);
    else if (what === "refused") this.#refused(step);
    else if (what === "gap") this.#gap(step);
    else if (what === "reset") this.#mark("reset", lane, { at, why: data.why });
    else if (what === "stalled") this.#mark("stalled", lane, { at });
    else if (what === "lagging") this.#lagging(lane, at);
  }

  #told({ room, at, data: { clients, entries = 1, seq, us } }) {
    const message = this.#messages.get(key(room, seq));
    if (message?.out) return void (message.told = { clients, us });
    const row = this.#row("out", { at, message, room, seq, first: seq - entries + 1, told: { clients, us } });
    if (!message) return;
    message.told = { clients, us };
    message.out = row;
  }

  #begin(at) {
    for (const track of this.tracks.values()) if (track.last === Infinity) track.last = this.#n;
    this.#present.clear();
    this.#messages.clear();
    this.#pending.clear();
    this.#direct = undefined;
    this.#row("anew", { at });
  }

  #row(kind, row) {
    const made = { n: this.#n, kind, ...row };
    this.#n += 1;
    this.rows.push(made);
    if (this.rows.length > MOST_ROWS) {
      this.rows.shift();
      if (this.#n % 50 === 0) this.#forget();
    }
    return made;
  }

  #forget() {
    for (const [lane, track] of this.tracks) if (track.last < this.rows[0].n) this.tracks.delete(lane);
  }

  #enter(lane, first) {
    this.tracks.set(lane, { first, last: Infinity, marks: this.tracks.get(lane)?.marks ?? new Map() });
    this.#present.add(lane);
  }

  /** Who is heard of without having come was here before. A post over HTTP is there for its row. */
  #track(lane) {
    const track = this.tracks.get(lane);
    if (lane.wire === "http") {
      if (track) track.last = this.#n;
      else this.tracks.set(lane, { first: this.#n, last: this.#n, marks: new Map() });
    } else if (!track || track.last !== Infinity) this.#enter(lane, track ? this.#n : -1);
    return this.tracks.get(lane);
  }

  #mark(kind, lane, row) {
    this.#track(lane).marks.set(kind, this.#n);
    return this.#row(kind, { lane, ...row });
  }

  #join(lane, at) {
    if (!this.#present.has(lane)) this.#enter(lane, this.#n);
    this.#row("join", { at, lane });
  }

  #leave(lane, at, why) {
    if (this.tracks.has(lane) && this.tracks.get(lane).last !== Infinity) return;
    const elsewhere = !this.#room && [...lane.rooms.values()].some(({ until }) => until > at);
    const track = this.#track(lane);
    if (!elsewhere) {
      track.last = this.#n;
      this.#present.delete(lane);
    }
    this.#row("left", { at, lane, why });
  }

  #received(step) {
    const { at, lane, room, data } = step;
    const message = { room, from: lane, received: at, bytes: data.bytes, text: said(step), ...recipients() };
    const waiting = this.#pending.get(lane) ?? [];
    this.#pending.set(lane, waiting);
    waiting.push(message);
    if (waiting.length > MOST_MESSAGES) waiting.shift();
    message.said = this.#mark("said", lane, { at, message });
  }

  #next(lane, room) {
    const waiting = this.#pending.get(lane);
    const at = waiting?.findIndex((message) => message.room === room) ?? -1;
    const [message] = at < 0 ? [] : waiting.splice(at, 1);
    if (waiting?.length === 0) this.#pending.delete(lane);
    return message;
  }

  #stored({ at, lane, room, data }) {
    let message = this.#next(lane, room);
    if (room === "@") {
      // One for each inbox; the first stands for all of them.
      if (message) this.#direct = Object.assign(message, { stored: at });
      return;
    }
    if (!message) {
      message = { room, from: lane, ...recipients() };
      message.said = this.#mark("said", lane, { at, message });
    }
    Object.assign(message, { seq: data.seq, stored: at, of: this.#present.size });
    this.#messages.set(key(room, data.seq), message);
    if (this.#messages.size > MOST_MESSAGES) this.#messages.delete(this.#messages.keys().next().value);
  }

  #repeated({ at, lane, room, data }) {
    const row = this.#next(lane, room)?.said ?? this.#mark("said", lane, { at });
    Object.assign(row, { kind: "again", seq: data.seq });
  }

  #sent(lane, room, seq, at) {
    const message = room === "@" ? this.#direct : this.#messages.get(key(room, seq));
    this.#track(lane);
    const came = lane.rooms.get(room)?.from ?? -Infinity;
    if (!message || (room !== "@" && came > message.stored)) return this.#catch(lane, room, seq, at);
    if (!message.sent.has(lane)) message.sent.set(lane, at);
    message.out ??= this.#row("out", { at, message, room, seq, first: seq });
  }

  #batch({ lane, room, at, data: { seq, entries = 1 } }) {
    for (let n = Math.max(seq - Math.min(entries, MOST_MESSAGES) + 1, 1); n < seq; n += 1) {
      if (this.#messages.has(key(room, n))) this.#sent(lane, room, n, at);
    }
    this.#sent(lane, room, seq, at);
  }

  /** What was said before somebody came. */
  #catch(lane, room, seq, at) {
    const track = this.tracks.get(lane);
    const row = track.read;
    if (row && row.room === room && seq > row.seq && at - row.at < TOGETHER_US && row.n >= this.#n - MOST_ROWS) {
      Object.assign(row, { seq, count: row.count + 1 });
      return;
    }
    track.read = this.#row("catch", { at, lane, room, first: seq, seq, count: 1 });
  }

  #acked(lane, room, seq, at) {
    for (const message of [...this.#messages.values()].reverse()) {
      if (message.room !== room || message.seq > seq) continue;
      if (message.acked.has(lane)) return;
      if (message.sent.has(lane)) message.acked.set(lane, at);
    }
  }

  #refused({ at, lane, data }) {
    const message = this.#pending.get(lane)?.[0];
    if (message) this.#next(lane, message.room).refused = data.code;
    this.#mark("refused", lane, { at, why: data.code });
  }

  #gap({ at, lane, room, data: { after, next, why } }) {
    const count = Math.max(next - after - 1, 1);
    this.#mark("gap", lane, { at, why, count, first: after + 1, seq: next - 1 });
    for (const message of this.#messages.values()) {
      if (message.room === room && message.seq > after && message.seq < next) message.missed.add(lane);
    }
  }

  #lagging(lane, at) {
    const row = this.#track(lane).lagging;
    if (row && at - row.at < TOGETHER_US && row.n >= this.#n - 20) return void (row.count += 1);
    this.tracks.get(lane).lagging = this.#mark("lagging", lane, { at, count: 1 });
  }
}

const key = (room, seq) => `${room} ${seq}`;
const recipients = () => ({ sent: new Map(), acked: new Map(), missed: new Set(), of: 0, told: undefined });
