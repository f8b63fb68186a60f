// Who the reader is: says hello under a name, and settles with the server which one it becomes.

import * as store from "./store.js";

const TOKEN_MS = 2_000;

export class Login {
  /** The name the server gave; empty before the first welcome. */
  me = "";
  /** The name asked for. */
  wanted = "";
  #wire;
  #card;
  #on;

  /** @param {{rooms(name: string): object, welcome(answer: object, first: boolean): void, refused(): void}} on */
  constructor(wire, card, on) {
    this.#wire = wire;
    this.#card = card;
    this.#on = on;
  }

  /** Comes in under another name. */
  as(name) {
    this.wanted = name;
    // A refused name leaves the socket open for another one; a welcomed socket has its name.
    if (this.#wire.phase === "open") this.hello();
    else this.#wire.now();
  }

  hello() {
    const name = this.wanted;
    const token = store.member.token(name);
    this.#wire.ask({ type: "hello", name, token, rooms: this.#on.rooms(name) }, (answer) => {
      if (answer.type === "welcome") this.#welcome(name, answer);
      else this.#refused(name, token, answer);
    });
  }

  #welcome(asked, answer) {
    const first = this.me === "" || this.#card.open;
    this.me = this.wanted = answer.name ?? asked;
    store.member.keep(this.me, answer.token);
    this.#card.accepted();
    this.#on.welcome(answer, first);
  }

  #refused(name, token, error) {
    if (error.retry_ms !== undefined) {
      setTimeout(() => this.#wire.phase === "open" && this.hello(), error.retry_ms);
      return;
    }
    // After a restart the first of several tabs to come back gets a new token for all of them.
    if (error.code === "name_taken" && token && !this.#card.open) {
      const again = () => {
        removeEventListener("storage", again);
        clearTimeout(timer);
        if (this.#wire.phase !== "open") return;
        if (store.member.token(name) === token) this.#ask(name, error);
        else this.hello();
      };
      const timer = setTimeout(again, store.member.token(name) === token ? TOKEN_MS : 0);
      addEventListener("storage", again);
      return;
    }
    this.#ask(name, error);
  }

  #ask(name, error) {
    this.#card.refused(name, error);
    this.#on.refused();
  }
}
