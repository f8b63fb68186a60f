// Where this page is in the log of the room, or of the inbox: its position (epoch, seq), and what a frame means
// for it. Turns frames into entries, each exactly once, and says so when something is missing.

import { t } from "./words.js";

const FIRST = 200;
const OLDER = 200;

/** What an entry makes of an earlier one: other words, or none. */
function changeOf({ type, of, body, deleted }) {
  if (type === "delete") return { of, body: "" };
  return type === "edit" ? { of, body: deleted ? "" : body } : null;
}

export class Room {
  name;
  #epoch = null;
  /** The last seq seen; null when it is not known where the log continues. */
  #head = null;
  /** Messages up to here are history: not news. */
  #news = 0;
  #told = false;
  #seen = new Set();
  /** The first seq shown, if the log goes on before it. */
  #before = null;
  /** The last words of messages that were changed, by seq; some are not shown yet. */
  #changes = new Map();
  /** Messages of another log, until it is known which of them are shown. */
  #held = null;
  #upTo = 0;
  #on;

  /** @param {{message(entry: object): void, older(entries: object[]): void, changed(of: number, body: string, frame: object): void, forget(): void, known(entry: object): boolean, rule(kind: string, words: string): void, top(kind: string, words: string): void, skipped(upTo: number): void}} on */
  constructor(name, on) {
    this.name = name;
    this.#on = on;
  }

  /** Where to continue, for hello. */
  get position() {
    return this.#head === null ? { last: FIRST } : { epoch: this.#epoch, after: this.#head };
  }

  get epoch() {
    return this.#epoch;
  }

  /** Whether everything up to the welcome is here. */
  get complete() {
    return this.#epoch !== null && this.#held === null && this.head >= this.#upTo;
  }

  /** The first seq shown, if the log goes on before it. */
  get begins() {
    return this.#before;
  }

  get head() {
    return this.#head ?? 0;
  }

  /** What to ask for the messages before those shown; null if there are none, or not yet. */
  get older() {
    const before = this.#before;
    return before === null || this.head < this.#upTo ? null : { type: "history", room: this.name, before, limit: OLDER };
  }

  /** The answer to that. */
  history({ epoch, oldest, messages }) {
    if (epoch !== this.#epoch || this.#before === null) return;
    const first = messages[0];
    const begun = !first || first.seq <= oldest;
    this.#before = begun ? null : first.seq;
    for (const frame of messages.toReversed()) {
      const change = changeOf(frame);
      if (change && !this.#changes.has(change.of)) this.#changes.set(change.of, change.body);
    }
    const entries = messages.filter((frame) => frame.type === "message").map((frame) => this.entry(frame, false));
    const fresh = entries.filter((entry) => !this.#on.known(entry));
    if (fresh.length > 0) this.#on.older(fresh);
    if (begun && oldest > 1) this.#on.top("skipped", t("trimmed"));
  }

  welcome(rooms) {
    const room = rooms?.[this.name];
    if (!room) return;
    const first = this.#epoch === null;
    if (first) this.#news = room.head;
    this.#epoch = room.epoch;
    this.#upTo = room.head;
    if (this.#head === null && !room.replay) this.#head = room.head;
  }

  frame(frame) {
    if (frame.type === "message") this.#message(frame);
    else if (changeOf(frame)) this.#changed(frame);
    else if (frame.type === "reset") this.#reset(frame);
    else if (frame.type === "gap") this.#gap(frame);
  }

  #reset({ why }) {
    this.#head = null;
    this.#news = 0;
    this.#before = null;
    if (why === "epoch") {
      this.#held = [];
      this.#changes.clear();
      this.#on.forget();
      this.#on.rule("restarted", t("restarted"));
    } else {
      this.#on.rule("skipped", t("skipped"));
    }
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
    if (this.#head === null) {
      this.#before = frame.prev ? frame.seq : null;
    } else {
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

  #changed(frame) {
    if (!this.#advance(frame)) return;
    const { of, body } = changeOf(frame);
    this.#changes.set(of, body);
    this.#on.changed(of, body, frame);
    this.#release(frame);
  }

  #message(frame) {
    if (!this.#advance(frame)) return;
    const entry = this.entry(frame, frame.seq > this.#news);
    if (this.#held && this.#on.known(entry)) {
      // What came before it lies before the rows, and is told when it is asked for.
      this.#held = null;
      this.#before = frame.prev ? frame.seq : null;
    } else if (this.#held) {
      this.#held.push(entry);
    } else if (!this.#on.known(entry)) {
      this.#show(entry);
    }
    this.#release(frame);
  }

  /** Nothing of another log is shown: all of it is new. */
  #release({ seq }) {
    if (!this.#held || seq < this.#upTo) return;
    for (const entry of this.#held) this.#show({ ...entry, change: this.#changes.get(entry.seq) });
    this.#held = null;
  }

  #show(entry) {
    // A server that comes back under another epoch may tell again what this page still shows.
    const key = entry.mid && `${entry.from}\n${entry.mid}`;
    if (key) {
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    }
    this.#on.message(entry);
  }

  /** What a message says, and to whom. */
  entry(frame, news) {
    const at = new Date(frame.at);
    return {
      seq: frame.seq,
      to: frame.to,
      from: frame.from,
      mid: frame.mid,
      body: frame.body,
      // Of a direct message it is a number in another's inbox.
      reply: frame.to ? undefined : frame.reply,
      at: Number.isNaN(at.getTime()) ? new Date() : at,
      change: this.#changes.get(frame.seq),
      news,
    };
  }
}
