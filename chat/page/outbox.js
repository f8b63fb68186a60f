// What was typed and is not yet confirmed. Kept per room and per text in localStorage, so that
// two tabs do not overwrite each other and a reload sends what is left. Sent one at a time,
// in order: a refused or delayed text must not be overtaken by the next one.

import * as store from "./store.js";

function newId() {
  // Not randomUUID: it does not exist on a plain-HTTP address of the local network.
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Outbox {
  /** mid to entry, oldest first; an entry's state is pending, sent (ok, not yet seen) or failed. */
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
    const kept = store.keys(this.#prefix).map((key) => this.#load(key)).filter(Boolean);
    for (const entry of kept.sort((a, b) => a.at - b.at)) this.entries.set(entry.mid, entry);
  }

  #load(key) {
    try {
      const { body, at, from, error } = JSON.parse(store.get(key));
      if (typeof body !== "string") return null;
      const mid = key.slice(this.#prefix.length);
      return { mid, body, at, from, error, state: error ? "failed" : "pending", since: Date.now() };
    } catch {
      return null;
    }
  }

  #save({ mid, body, at, from, error }) {
    store.set(this.#prefix + mid, JSON.stringify({ body, at, from, error }));
  }

  add(body) {
    const entry = { mid: newId(), body, at: Date.now(), from: this.#me, state: "pending", since: Date.now() };
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
    const { mid, body } = entry;
    this.#wire.ask({ type: "post", room: this.#room.name, mid, body }, (answer) => this.#answered(entry, answer));
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
    if (body !== entry.body && seq !== entry.seq) return false;
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
    const entry = { mid: fresh, body: old.body, at: old.at, from: this.#me, state: "pending", since: Date.now() };
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
