// What was typed and is not yet confirmed. Kept per room and per text in localStorage, so that
// two tabs do not overwrite each other and a reload sends what is left. Sent one at a time,
// in order: a refused or delayed text must not be overtaken by the next one. Changes of earlier
// messages wait here as well.

import * as store from "./store.js";

function newId() {
  // Not randomUUID: it does not exist on a plain-HTTP address of the local network.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What of an entry is kept: what it says, and of which message, to whom. */
const kept = ({ body, at, from, error, reply, to, of, gone, epoch }) => ({ body, at, from, error, reply, to, of, gone, epoch });

export class Outbox {
  /**
   * mid to entry, oldest first; an entry's state is pending, sent (ok, not yet seen) or failed.
   * With `of` it changes that message of the log `epoch`, and with `gone` it takes it back.
   */
  entries = new Map();

  #prefix;
  #room;
  #wire;
  #on;
  #me = "";
  #flying = false;
  #timer = 0;

  /** @param {{changed(): void, refused(entry: object): void}} on */
  constructor(room, wire, on) {
    this.#room = room;
    this.#wire = wire;
    this.#on = on;
    this.#prefix = `chat.out.${room.name}.`;
    const left = store.keys(this.#prefix).map((key) => this.#load(key)).filter(Boolean);
    for (const entry of left.sort((a, b) => a.at - b.at)) this.entries.set(entry.mid, entry);
  }

  #load(key) {
    try {
      const entry = kept(JSON.parse(store.get(key)));
      if (typeof entry.body !== "string") return null;
      const mid = key.slice(this.#prefix.length);
      return { ...entry, mid, flew: true, state: entry.error ? "failed" : "pending", since: Date.now() };
    } catch {
      return null;
    }
  }

  #save(entry) {
    store.set(this.#prefix + entry.mid, JSON.stringify(kept(entry)));
  }

  /** @param {{reply?: number, to?: string[], of?: number, gone?: boolean}} how */
  add(body, how = {}) {
    const now = Date.now();
    const entry = { ...how, mid: newId(), body, at: now, from: this.#me, state: "pending", since: now };
    // Numbers mean another message in another log.
    if (how.of || how.reply) entry.epoch = this.#room.epoch;
    this.entries.set(entry.mid, entry);
    this.#save(entry);
    this.#on.changed();
    this.#pump();
  }

  /** Welcomed: everything unconfirmed goes out again, under the ids it had. */
  online(me) {
    this.#me = me;
    this.#flying = false;
    for (const entry of this.entries.values()) if (entry.state === "sent") entry.state = "pending";
    this.#pump();
  }

  offline() {
    this.#flying = false;
    clearTimeout(this.#timer);
  }

  #pump() {
    clearTimeout(this.#timer);
    if (this.#flying || this.#wire.phase !== "online") return;
    const entry = [...this.entries.values()].find((one) => one.state === "pending");
    if (!entry) return;
    this.#flying = true;
    // Who it was sent as: after a change of name the answer may still come under the old one.
    entry.from ||= this.#me;
    const elsewhere = entry.epoch !== this.#room.epoch;
    // What may be stored already must be said again as it was.
    if (elsewhere && !entry.flew) entry.reply = undefined;
    if (elsewhere && entry.of) this.#answered(entry, { code: "no_message" });
    else this.#wire.ask(this.#frame(entry), (answer) => this.#answered(entry, answer));
    entry.flew = true;
  }

  #frame({ mid, body, reply, to, of, gone }) {
    if (to) return { type: "post", to, mid, body };
    const { name: room } = this.#room;
    if (gone) return { type: "delete", room, mid, of };
    if (of) return { type: "edit", room, mid, of, body };
    return { type: "post", room, mid, body, reply };
  }

  #answered(entry, answer) {
    this.#flying = false;
    if (answer.type === "ok") {
      if (answer.seq <= this.#room.head) this.#drop(entry.mid);
      else if (this.entries.has(entry.mid)) Object.assign(entry, { state: "sent", seq: answer.seq });
    } else if (answer.retry_ms !== undefined || answer.code === "busy") {
      this.#timer = setTimeout(() => this.#pump(), answer.retry_ms ?? 1000);
      return;
    } else if (this.entries.has(entry.mid)) {
      entry.state = "failed";
      entry.error = { code: answer.code };
      this.#save(entry);
      this.#on.refused(entry);
    }
    this.#on.changed();
    this.#pump();
  }

  /** True when the message is one of ours: its pending row is then done. */
  settle({ from, mid, body, seq }) {
    const entry = this.entries.get(mid);
    if (!entry || (from !== this.#me && from !== entry.from)) return false;
    // An id used twice is not ours to lose a text over: the server will refuse the second.
    if ((body ?? "") !== entry.body && seq !== entry.seq) return false;
    this.#drop(mid);
    return true;
  }

  /** Entries that are stored but will not be told, because the room skipped them. */
  skipped(upTo) {
    const gone = [...this.entries.values()].filter((one) => one.state === "sent" && one.seq <= upTo);
    for (const entry of gone) this.#drop(entry.mid);
    return gone;
  }

  retry(mid) {
    const old = this.entries.get(mid);
    if (!old) return;
    this.#drop(mid);
    const fresh = old.error?.code === "mid_reused" ? newId() : mid;
    const entry = { ...old, mid: fresh, error: undefined, seq: undefined, from: this.#me, state: "pending", since: Date.now() };
    this.entries.set(fresh, entry);
    this.#save(entry);
    this.#on.changed();
    this.#pump();
  }

  remove(mid) {
    this.#drop(mid);
    this.#on.changed();
  }

  #drop(mid) {
    this.entries.delete(mid);
    store.remove(this.#prefix + mid);
  }
}
