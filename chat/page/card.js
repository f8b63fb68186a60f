// The name card: asks who you are, first and whenever the server does not accept the answer.

import { t, reason, space } from "./words.js";

export class Card {
  #dialog;
  #form;
  #input;
  #error;
  #join;
  #cancel;
  #needed = true;
  #chosen;

  /** @param {(name: string) => void} chosen */
  constructor(dialog, chosen) {
    this.#dialog = dialog;
    this.#chosen = chosen;
    this.#form = dialog.querySelector("form");
    this.#input = dialog.querySelector("input");
    this.#error = dialog.querySelector(".error");
    [this.#join, this.#cancel] = dialog.querySelectorAll("button");
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = this.#input.value.trim();
      if (!name) return this.#input.focus();
      this.#busy(true);
      this.#chosen(name);
    });
    this.#cancel.addEventListener("click", () => dialog.close());
    // Without a name there is no room to go back to.
    dialog.addEventListener("cancel", (event) => this.#needed && event.preventDefault());
    dialog.addEventListener("close", () => this.#needed && this.ask(this.#input.value));
  }

  get open() {
    return this.#dialog.open;
  }

  /** Whether it is the reader's turn, and nothing can happen before a name is given. */
  get waiting() {
    return this.#dialog.open && this.#needed && !this.#join.disabled;
  }

  ask(name, { needed = true, words = "" } = {}) {
    this.#needed = needed;
    this.#cancel.hidden = needed;
    this.#busy(false);
    this.#say(words);
    if (name) this.#input.value = name;
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.focus();
    this.#input.select();
  }

  /** The server's refusal, with its suggestion already filled in. */
  refused(name, error) {
    const words = [reason(error.code, name)];
    if (error.suggest) words.push(reason("name_try", error.suggest));
    this.ask(error.suggest ?? name, { needed: true, words: words.join(space) });
  }

  accepted() {
    this.#needed = false;
    if (this.#dialog.open) this.#dialog.close();
  }

  unreachable() {
    if (this.#dialog.open && this.#join.disabled) this.#say(t("unreachable"));
  }

  #busy(busy) {
    this.#join.disabled = busy;
    this.#join.textContent = t(busy ? "joining" : "join");
    this.#input.readOnly = busy;
    if (busy) this.#say("");
  }

  #say(words) {
    this.#error.textContent = words;
    this.#input.setAttribute("aria-invalid", String(words !== ""));
  }
}
