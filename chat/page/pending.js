// Rows for what is not confirmed yet, under the log: pending, sent, or failed with a way out.

import { messageRow, button, el } from "./row.js";
import { t, reason } from "./words.js";

const LATE_MS = 5_000;

export class Pending {
  #root;
  #outbox;
  #on;
  #rows = new Map();
  #timer = 0;

  /** @param {{names(): Map<string, string>, me(): string, online(): boolean, continues(from: string, at: Date): boolean}} on */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
  }

  attach(outbox) {
    this.#outbox = outbox;
  }

  draw() {
    clearTimeout(this.#timer);
    const me = this.#on.me();
    for (const [mid, { row }] of this.#rows) {
      if (this.#outbox.entries.has(mid)) continue;
      row.remove();
      this.#rows.delete(mid);
    }
    let soonest = Infinity;
    let first = true;
    for (const entry of this.#outbox.entries.values()) {
      const row = this.#row(entry, me);
      const at = new Date(entry.at);
      row.classList.toggle("cont", first ? this.#on.continues(me, at) : true);
      first = false;
      const late = entry.since + LATE_MS - Date.now();
      if (entry.state === "pending" && late > 0) soonest = Math.min(soonest, late);
      this.#note(entry, late <= 0);
    }
    if (soonest < Infinity) this.#timer = setTimeout(() => this.draw(), soonest + 20);
  }

  #row(entry, me) {
    const known = this.#rows.get(entry.mid);
    // The name is part of the row, and it can change while a text waits.
    if (known?.me === me) return known.row;
    const row = messageRow({ from: me || entry.from || "?", at: new Date(entry.at), body: entry.body }, this.#on.names(), me);
    row.classList.add("mine", "rise");
    row.dataset.mid = entry.mid;
    if (known) known.row.replaceWith(row);
    else this.#root.append(row);
    this.#rows.set(entry.mid, { row, me, note: "" });
    return row;
  }

  #note(entry, late) {
    const shown = this.#rows.get(entry.mid);
    shown.row.dataset.state = entry.state;
    const kind =
      entry.state === "failed" ? "failed"
      : entry.state === "pending" && late ? (this.#on.online() ? "lateOnline" : "late")
      : "";
    if (shown.note === kind) return;
    shown.note = kind;
    shown.row.querySelector(".note")?.remove();
    if (kind === "failed") {
      shown.row.append(
        el(
          "div",
          "note",
          `${t("failed")}: ${reason(entry.error.code)} `,
          button("retry", () => this.#outbox.retry(entry.mid)),
          button("remove", () => this.#outbox.remove(entry.mid)),
        ),
      );
    } else if (kind) {
      shown.row.append(el("div", "note", t(kind)));
    }
  }
}
