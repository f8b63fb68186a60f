// What can be done with one message: a small bar in the row under the pointer or the focus, and
// a key for each. The arrows walk from row to row.

import { entryOf } from "./row.js";
import { time } from "./words.js";

/** Keys while a row has the focus; the buttons of the bar have the same names. */
const KEYS = { r: "reply", l: "link", i: "why", e: "edit", Delete: "remove", Backspace: "remove" };

export class Tools {
  #scroller;
  #bar;
  #on;
  #row = null;

  /** @param {{can(what: string, entry: object): unknown, act(what: string, entry: object, row: Element): void, back(): void}} on */
  constructor(scroller, bar, on) {
    this.#scroller = scroller;
    this.#bar = bar;
    this.#on = on;
    const row = (event) => this.#of(event.target);
    scroller.addEventListener("pointerover", (event) => {
      // The bar does not run away from who uses it.
      if (event.pointerType === "mouse" && !this.#bar.contains(document.activeElement)) this.#to(row(event));
    });
    scroller.addEventListener("pointerleave", () => this.#bar.contains(document.activeElement) || this.#to(null));
    scroller.addEventListener("focusin", (event) => this.#to(row(event)));
    scroller.addEventListener("focusout", (event) => {
      if (!scroller.contains(event.relatedTarget)) this.#to(null);
    });
    scroller.addEventListener("click", (event) => {
      const touched = event.pointerType === "touch" && !event.target.closest("a, button");
      if (touched) this.#to(this.#row === row(event) ? null : row(event));
    });
    scroller.addEventListener("keydown", (event) => this.#key(event));
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.#act(button.dataset.do);
    });
  }

  /** The row of a message; those that wait to be sent have buttons of their own. */
  #of(node) {
    const row = node.closest?.("#log .row");
    return row && entryOf(row)?.body ? row : null;
  }

  #to(row) {
    if (row === this.#row) return;
    this.#row = row;
    this.#bar.hidden = row === null;
    if (row === null) return;
    const entry = entryOf(row);
    for (const button of this.#bar.children) button.hidden = !this.#on.can(button.dataset.do, entry);
    row.append(this.#bar);
  }

  #act(what) {
    const row = this.#row;
    const entry = row && entryOf(row);
    if (!entry || !this.#on.can(what, entry)) return;
    if (this.#bar.contains(document.activeElement)) row.focus({ preventScroll: true });
    this.#on.act(what, entry, row);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("a, button")) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const what = KEYS[event.key];
    const row = this.#of(event.target);
    if (step) this.#walk(step);
    else if (event.key === "Escape") this.#on.back();
    else if (what && row) {
      // The pointer may rest on another one.
      this.#to(row);
      this.#act(what);
    } else return;
    event.preventDefault();
  }

  #walk(step) {
    const rows = [...this.#scroller.querySelectorAll("#log .row")];
    const at = rows.indexOf(document.activeElement.closest(".row"));
    const next = at < 0 ? this.#first(rows) : rows[at + step];
    if (!next) return step > 0 && at >= 0 ? this.#on.back() : undefined;
    const { from, at: when, body } = entryOf(next);
    next.setAttribute("aria-label", `${from}, ${time(when)}: ${body || next.querySelector(".text").textContent}`);
    next.focus();
  }

  /** The last row that is in view. */
  #first(rows) {
    const end = this.#scroller.getBoundingClientRect().bottom;
    return rows.findLast((row) => row.getBoundingClientRect().top < end - 8);
  }
}
