// The story of a room: one row for each event that matters, one lane for each client. Pure.

import { said } from "./xray-event.js";
import { messageOf, Messages, MOST_MESSAGES } from "./xray-messages.js";
import { Tracks } from "./xray-tracks.js";

export const MOST_ROWS = 400;
/** Deliveries of what was said before that follow each other so closely are one row. */
const TOGETHER_US = 2_000_000;
const SERVER = new Set(["room_opened", "room_closed", "trimmed", "store_failed", "read_failed", "accept_failed", "index_damaged", "drained"]);

/**
 * @typedef {object} Row
 * @property {number} n counts from 0 and is never used twice
 * @property {"join"|"left"|"said"|"again"|"out"|"catch"|"gap"|"reset"|"refused"|"lagging"|"stalled"|"anew"|"away"|"skipped"|"server"} kind
 * @property {number} at
 * @property {import("./xray-seen.js").Lane} [lane] whom it is about
 * @property {import("./xray-messages.js").Message} [message]
 */

export class Model {
  /** @type {Row[]} */
  rows = [];
  #room;
  #n = 0;
  #tracks = new Tracks();
  #messages = new Messages();

  /** @param {string} room whose story it is; empty for all rooms */
  constructor(room = "", lanes = [], at = -Infinity) {
    this.#room = room;
    for (const lane of lanes) {
      for (const [name, { from, until }] of lane.rooms) {
        if ((!room || name === room) && from < at && until > at) this.#tracks.enter(lane, name, -1);
      }
    }
  }

  /** Who is drawn from which row to which. */
  get tracks() {
    return this.#tracks.all;
  }

  /** How many are in the room, as far as the story tells. */
  get present() {
    return this.#tracks.present;
  }

  /** The message of this number, if it is one of the newest. */
  message(room, seq) {
    return this.#messages.find(room, seq);
  }

  /** Whether a step belongs here: it names the room, or is about a client who is in it. */
  concerns({ room, lane }) {
    if (!this.#room) return true;
    if (room !== undefined) return room === this.#room;
    return !lane || lane.rooms.size === 0 || lane.rooms.has(this.#room);
  }

  /** Whether somebody was in the room when a message was said. */
  wasHere(lane, { room, said: { n } }) {
    return this.#tracks.wasHere(lane, room, n);
  }

  /** Events that nobody has. */
  skipped(count, at) {
    this.#messages.skipped();
    this.#tracks.lost(this.#row("skipped", { at, count }).n);
  }

  /** @param {import("./xray-event.js").Step} step as `Seen` left it */
  add(step) {
    if (step.anew) this.#begin(step.at);
    if (!this.concerns(step)) return;
    const { what, at, lane, data } = step;
    if (what === "lost") this.skipped(data.lost, at);
    else if (what === "away") this.#tracks.lost(this.#row("away", { at }).n);
    else if (what === "pumped") this.#told(step);
    else if (SERVER.has(what)) this.#row("server", { at, what, why: data.error });
    else if (!lane) return;
    else if (what === "joined" || (what === "accepted" && data.wire === "sse")) this.#join(step);
    else if (what === "left" || what === "closed") this.#leave(step);
    else if (what === "received") this.#received(step);
    else if (what === "stored") this.#stored(step);
    else if (what === "repeated") this.#repeated(step);
    else if (what === "sent") this.#sent(lane, step.room, data.seq, at);
    else if (what === "batch") this.#batch(step);
    else if (what === "acked") this.#messages.acked(lane, step.room, data.seq, at);
    else if (what === "refused") this.#refused(step);
    else if (what === "gap") this.#gap(step);
    else if (what === "reset") this.#mark("reset", step, { why: data.why });
    else if (what === "stalled") this.#mark("stalled", step);
    else if (what === "lagging") this.#lagging(step);
  }

  #told({ room, at, data: { clients, entries = 1, seq, us } }) {
    const message = this.#messages.find(room, seq);
    const told = { clients, us };
    const row = message?.out ?? this.#row("out", { at, message, room, seq, first: seq - entries + 1, told });
    for (let n = seq; n > seq - Math.min(entries, MOST_MESSAGES); n -= 1) {
      const one = this.#messages.find(room, n);
      if (!one) continue;
      one.told = told;
      if (!one.out) row.first = Math.min(row.first, n);
      one.out ??= row;
    }
  }

  #begin(at) {
    this.#tracks.end(this.#n);
    this.#messages.clear();
    this.#row("anew", { at });
  }

  #row(kind, row) {
    const made = { n: this.#n, kind, ...row };
    this.#n += 1;
    this.rows.push(made);
    if (this.rows.length > MOST_ROWS) {
      this.rows.shift();
      if (this.#n % 50 === 0) this.#tracks.forget(this.rows[0].n);
    }
    return made;
  }

  #mark(kind, { lane, room, at }, row) {
    this.#tracks.heard(lane, room, this.#n).marks.set(kind, this.#n);
    return this.#row(kind, { lane, at, ...row });
  }

  #join({ lane, room, at }) {
    this.#tracks.enter(lane, room, this.#n);
    this.#row("join", { at, lane });
  }

  #leave({ what, lane, room, at, data }) {
    if (what === "left") this.#tracks.heard(lane, room, this.#n);
    if (this.#tracks.leave(lane, room, this.#n)) this.#row("left", { at, lane, why: data.why });
  }

  #received(step) {
    const { at, lane, room, data } = step;
    const message = messageOf(room, lane, { received: at, bytes: data.bytes, text: said(step) });
    this.#messages.received(message);
    message.said = this.#mark("said", step, { message });
  }

  #stored(step) {
    const { at, lane, room, data } = step;
    let message = this.#messages.next(lane, room);
    if (room === "@") {
      // One for each inbox; the first stands for all of them.
      if (message) this.#messages.direct = Object.assign(message, { stored: at });
      return;
    }
    if (!message) {
      message = messageOf(room, lane);
      message.said = this.#mark("said", step, { message });
    }
    this.#messages.stored(Object.assign(message, { seq: data.seq, stored: at, of: this.#tracks.of(room) }));
  }

  #repeated(step) {
    const row = this.#messages.next(step.lane, step.room)?.said ?? this.#mark("said", step);
    Object.assign(row, { kind: "again", seq: step.data.seq });
  }

  #sent(lane, room, seq, at) {
    const message = room === "@" ? this.#messages.direct : this.#messages.find(room, seq);
    this.#tracks.heard(lane, room, this.#n);
    const came = lane.rooms.get(room)?.from ?? -Infinity;
    if (!message || (room !== "@" && came > message.stored)) return this.#catch(lane, room, seq, at);
    if (!message.sent.has(lane)) message.sent.set(lane, at);
    message.out ??= this.#row("out", { at, message, room, seq, first: seq });
  }

  #batch({ lane, room, at, data: { seq, entries = 1 } }) {
    for (let n = Math.max(seq - Math.min(entries, MOST_MESSAGES) + 1, 1); n < seq; n += 1) {
      if (this.#messages.find(room, n)) this.#sent(lane, room, n, at);
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

  #refused(step) {
    const { lane, room, data } = step;
    const message = this.#messages.next(lane, room);
    if (message) message.refused = data.code;
    this.#mark("refused", step, { room, why: data.code });
  }

  #gap(step) {
    const { lane, room, data: { after, next, why } } = step;
    const count = Math.max(next - after - 1, 1);
    this.#mark("gap", step, { why, count, first: after + 1, seq: next - 1 });
    this.#messages.missed(lane, room, after, next);
  }

  #lagging(step) {
    const { lane, room, at } = step;
    const row = this.#tracks.heard(lane, room, this.#n).lagging;
    if (row && at - row.at < TOGETHER_US && row.n >= this.#n - 20) return void (row.count += 1);
    this.tracks.get(lane).lagging = this.#mark("lagging", step, { count: 1 });
  }
}
