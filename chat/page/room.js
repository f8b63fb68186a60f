// Where this page is in the room's log: its position (epoch, seq), and what a frame means
// for it. Turns frames into entries, each exactly once, and says so when something is missing.

import { t } from "./words.js";

const FIRST = 200;

export class Room {
  name;
  #epoch = null;
  /** The last seq seen; null when it is not known where the log continues. */
  #head = null;
  /** Messages up to here are history: not news. */
  #news = 0;
  #told = false;
  #seen = new Set();
  #on;

  /** @param {{message(entry: object): void, changed(of: number, body: string): void, rule(kind: string, words: string): void, skipped(upTo: number): void}} on */
  constructor(name, on) {
    this.name = name;
    this.#on = on;
  }

  /** Where to continue, for hello. */
  get position() {
    return this.#head === null ? { last: FIRST } : { epoch: this.#epoch, after: this.#head };
  }

  get head() {
    return this.#head ?? 0;
  }

  welcome(rooms) {
    const room = rooms?.[this.name] ?? Object.values(rooms ?? {})[0];
    if (!room) return;
    const first = this.#epoch === null;
    if (first) this.#news = room.head;
    this.#epoch = room.epoch;
    if (this.#head === null && !room.replay) this.#head = room.head;
  }

  frame(frame) {
    // A direct message has its place in the inbox, not here.
    if (frame.type === "message" && frame.to) this.#on.message(this.#entry(frame, true));
    else if (frame.type === "message") this.#message(frame);
    else if (frame.type === "edit" && !frame.deleted) this.#changed(frame, frame.body);
    else if (frame.type === "edit" || frame.type === "delete") this.#changed(frame, "");
    else if (frame.type === "reset") this.#reset(frame);
    else if (frame.type === "gap") this.#gap(frame);
  }

  #reset({ why }) {
    this.#head = null;
    this.#news = 0;
    if (why === "epoch") this.#on.rule("restarted", t("restarted"));
    else this.#on.rule("skipped", t("skipped"));
  }

  #gap({ after, next }) {
    const missed = next - 1 - Math.max(after, this.#head ?? 0);
    if (missed <= 0) return;
    this.#on.skipped(next - 1);
    this.#on.rule("skipped", t("missed", missed));
    this.#head = next - 1;
    this.#told = true;
  }

  /** Moves on to an entry; false if the page has it already. */
  #advance(frame) {
    if (this.#head !== null) {
      if (frame.seq <= this.#head) return false;
      const hole = (frame.prev ?? 0) !== this.#head;
      if (hole && !this.#told) {
        this.#on.skipped(frame.seq - 1);
        this.#on.rule("skipped", t("skipped"));
      }
    }
    this.#head = frame.seq;
    this.#told = false;
    return true;
  }

  #changed(frame, body) {
    if (this.#advance(frame)) this.#on.changed(frame.of, body);
  }

  #message(frame) {
    if (!this.#advance(frame)) return;
    // A server that comes back under another epoch may tell again what this page still shows.
    const key = frame.mid && `${frame.from}\n${frame.mid}`;
    if (key) {
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    }
    this.#on.message(this.#entry(frame, frame.seq > this.#news));
  }

  #entry(frame, news) {
    const at = new Date(frame.at);
    return {
      seq: frame.to ? null : frame.seq,
      to: frame.to,
      from: frame.from,
      mid: frame.mid,
      body: frame.body,
      at: Number.isNaN(at.getTime()) ? new Date() : at,
      news,
    };
  }
}
