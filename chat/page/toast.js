// One line over the log about what was just done, with a way back where there is one.

import { button } from "./row.js";

const SHOWN_MS = 3_000;

export class Toast {
  #node;
  #timer = 0;
  #done = null;

  constructor(node) {
    this.#node = node;
  }

  /** Says something for some seconds; `done` is called at their end, or before the next words. */
  say(words, { ms = SHOWN_MS, key, undo, done } = {}) {
    this.end();
    this.#done = done ?? null;
    this.#node.replaceChildren(words);
    if (undo) {
      const back = () => {
        this.#done = null;
        this.end();
        undo();
      };
      this.#node.append(" ", button(key, back));
    }
    this.#node.hidden = false;
    this.#timer = setTimeout(() => this.end(), ms);
  }

  /** To its way back, for who has no pointer. */
  focus() {
    this.#node.querySelector("button")?.focus();
  }

  end() {
    clearTimeout(this.#timer);
    // A browser takes the focus from what is hidden only later.
    if (this.#node.contains(document.activeElement)) document.activeElement.blur();
    this.#node.hidden = true;
    const done = this.#done;
    this.#done = null;
    done?.();
  }
}
