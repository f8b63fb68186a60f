// What is being written: something new, an answer, other words for something said, or something
// for one person alone. The line above the box says which.

import { nameOf, snippet } from "./row.js";
import { t } from "./words.js";

export class Mode {
  /** null, or `{reply}`, `{of}` or `{to}`: what a post has besides its body. */
  how = null;
  #line;
  #words;
  #on;

  /** @param {{ended(): void}} on */
  constructor(line, on) {
    this.#line = line;
    this.#words = line.querySelector("p");
    this.#on = on;
    line.querySelector("button").addEventListener("click", () => this.end());
  }

  reply(entry) {
    this.#begin({ reply: entry.seq }, t("replyingTo"), nameOf(entry.from), " ", snippet(entry.body));
  }

  edit(entry) {
    this.#begin({ of: entry.seq }, t("editing"), snippet(entry.body));
  }

  to(name) {
    this.#begin({ to: [name] }, t("onlyTo"), nameOf(name));
  }

  get editing() {
    return this.how?.of !== undefined;
  }

  /** Something new again. */
  end() {
    if (this.how === null) return;
    this.#line.hidden = true;
    const was = this.how;
    this.how = null;
    this.#on.ended(was);
  }

  #begin(how, kind, ...what) {
    this.end();
    this.how = how;
    this.#words.replaceChildren(kind, " ", ...what);
    this.#line.hidden = false;
  }
}
