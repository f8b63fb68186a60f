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

  /** @param {{names(): Map<string, string>, me(): string, online(): boolean, quote(seq: number): Element, continues(entry: object): boolean}} on */
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
    const now = Date.now();
    // A change is shown by the row it changes, unless it takes long.
    const shown = [...this.#outbox.entries.values()].filter(
      (entry) => !entry.of || entry.state === "failed" || (entry.state === "pending" && entry.since + LATE_MS <= now),
    );
    const mids = new Set(shown.map(({ mid }) => mid));
    for (const [mid, { row }] of this.#rows) {
      if (mids.has(mid)) continue;
      row.remove();
      this.#rows.delete(mid);
    }
    let soonest = Infinity;
    let before = null;
    for (const entry of this.#outbox.entries.values()) {
      const late = entry.since + LATE_MS - now;
      if (entry.state === "pending" && late > 0) soonest = Math.min(soonest, late);
      if (!mids.has(entry.mid)) continue;
      const row = this.#row(entry, me);
      const at = new Date(entry.at);
      const { to } = entry;
      const goesOn = before ? String(before.to) === String(to) : this.#on.continues({ from: me, to, at });
      row.classList.toggle("cont", !entry.reply && !entry.of && goesOn);
      before = entry;
      this.#note(entry, late <= 0);
    }
    if (soonest < Infinity) this.#timer = setTimeout(() => this.draw(), soonest + 20);
  }

  #row(entry, me) {
    const known = this.#rows.get(entry.mid);
    // The name is part of the row, and it can change while a text waits.
    if (known?.me === me) return known.row;
    const said = { from: me || entry.from || "?", to: entry.to, at: new Date(entry.at), body: entry.body };
    const row = messageRow(said, this.#on.names(), me);
    if (entry.reply) row.querySelector(".text").before(this.#on.quote(entry.reply));
    if (entry.of && !entry.gone) row.querySelector(".by").append(" ", el("small", "mark", t("edited")));
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
