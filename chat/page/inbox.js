// The reader's inbox: where this browser is in it, and with whom something was said in private.

import { el, face, nameOf } from "./row.js";
import * as store from "./store.js";

const MOST_PEOPLE = 8;
const NEW = { epoch: null, seq: 0, at: 0, people: [] };

export class Inbox {
  #list;
  #on;
  #key = "";
  /** `{epoch, seq, at, people}`: the last message that was shown, when it was sent, with whom. */
  #state = NEW;

  /** @param {{me(): string, to(name: string): void}} on */
  constructor(list, on) {
    this.#list = list;
    this.#on = on;
  }

  /** Where to go on, for hello under a name. An inbox is that of a member. */
  position(name) {
    this.#key = `chat.inbox.${name}`;
    this.#state = { ...NEW };
    try {
      Object.assign(this.#state, JSON.parse(store.get(this.#key)));
    } catch {
      // What cannot be read is as if it were not there.
    }
    const { epoch, seq } = this.#state;
    return epoch === null ? {} : { epoch, after: seq };
  }

  welcome(position) {
    if (!position) return;
    const { epoch, head, replay } = position;
    // Another log has other numbers; what was sent before the last one shown is shown already.
    if (this.#state.epoch !== epoch || !replay) Object.assign(this.#state, { epoch, seq: replay ? 0 : head });
    this.#save();
    this.#draw();
  }

  /** Whether a message of the inbox is new here. */
  takes({ seq, at, from, to }) {
    const when = Date.parse(at);
    const known = seq <= this.#state.seq || when < this.#state.at;
    this.#state.seq = Math.max(seq, this.#state.seq);
    if (known) return false;
    const others = [from, ...to].filter((name) => name !== this.#on.me());
    this.#state.people = [...new Set([...others, ...this.#state.people])].slice(0, MOST_PEOPLE);
    this.#state.at = when;
    this.#save();
    this.#draw();
    return true;
  }

  #save() {
    store.set(this.#key, JSON.stringify(this.#state));
  }

  #draw() {
    const { people } = this.#state;
    this.#list.hidden = this.#list.previousElementSibling.hidden = people.length === 0;
    this.#list.replaceChildren(...people.map((name) => el("li", "", this.#person(name))));
  }

  #person(name) {
    const button = el("button", "person", face(name), nameOf(name));
    button.type = "button";
    button.addEventListener("click", () => this.#on.to(name));
    return button;
  }
}
