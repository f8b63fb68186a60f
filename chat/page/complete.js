// Whom an @ in the box could mean: a list over it, walked with the arrows.

import { el, face, nameOf } from "./row.js";

const MOST = 6;
const OPEN = /(?:^|[^\p{L}\p{N}_])@([^\s@]{0,32})$/u;

export class Complete {
  #box;
  #list;
  #on;
  #names = [];
  #at = 0;
  /** What was dismissed, until something else is typed. */
  #not = null;

  /** @param {{people(): Iterable<string>, me(): string}} on */
  constructor(box, list, on) {
    this.#box = box;
    this.#list = list;
    this.#on = on;
    box.addEventListener("blur", () => this.#close());
    box.addEventListener("keyup", (event) => event.key.startsWith("Arrow") && !this.open && this.look());
    // A click must not take the focus from the box.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const item = event.target.closest("li");
      if (item) this.#take([...list.children].indexOf(item));
    });
  }

  get open() {
    return !this.#list.hidden;
  }

  /** Something was typed. */
  look() {
    const typed = this.#typed();
    if (typed === null || typed === this.#not) return this.#close();
    this.#not = null;
    this.#names = this.#found(typed.toLowerCase());
    this.#at = 0;
    if (this.#names.length === 0) return this.#close();
    this.#list.hidden = false;
    this.#list.replaceChildren(...this.#names.map((name, i) => this.#item(name, i)));
    this.#mark();
  }

  /** Whether the key was for the list. */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.#at = (this.#at + step + this.#names.length) % this.#names.length;
      this.#mark();
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.#take(this.#at);
    } else if (event.key === "Escape") {
      this.#not = this.#typed();
      this.#close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  /** What stands between the last @ and the caret; null if that is no mention. */
  #typed() {
    const { selectionStart: at, selectionEnd: end, value } = this.#box;
    return at === end ? (OPEN.exec(value.slice(0, at))?.[1] ?? null) : null;
  }

  /** Those that begin so, then those that have a word that does. */
  #found(typed) {
    const all = [...this.#on.people()].filter((name) => name !== this.#on.me());
    const begins = all.filter((name) => name.toLowerCase().startsWith(typed));
    const inside = all.filter((name) => !begins.includes(name) && name.toLowerCase().includes(typed));
    return [...begins, ...inside].slice(0, MOST);
  }

  #item(name, i) {
    const item = el("li", "", face(name), nameOf(name));
    item.id = `mention-${i}`;
    item.setAttribute("role", "option");
    return item;
  }

  #mark() {
    for (const [i, item] of [...this.#list.children].entries()) item.setAttribute("aria-selected", String(i === this.#at));
    this.#box.setAttribute("aria-activedescendant", `mention-${this.#at}`);
  }

  #take(i) {
    const { selectionStart: at, value } = this.#box;
    const start = at - this.#typed().length;
    this.#close();
    // As if it had been typed, so that it can be undone.
    this.#box.setSelectionRange(start, at);
    const text = `${this.#names[i]}${value[at] === " " ? "" : " "}`;
    if (!document.execCommand("insertText", false, text)) this.#box.setRangeText(text, start, at, "end");
    this.#box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #close() {
    this.#list.hidden = true;
    this.#list.replaceChildren();
    this.#box.removeAttribute("aria-activedescendant");
  }
}
