// The reader's inbox beside the talk: what of it was not read, and with whom something was said in
// private. It is shown at an address of its own, as a room is.

import { badge } from "./rooms.js";
import { el, face, nameOf } from "./row.js";
import * as store from "./store.js";
import { t } from "./words.js";

export const INBOX = "@";
const ADDRESS = `/rooms/${INBOX}`;
const MOST_PEOPLE = 8;

/** Where one writes to somebody alone. */
export const addressOf = (name) => `${ADDRESS}#to=${encodeURIComponent(name)}`;

export class Inbox {
  #here;
  #list;
  #on;
  #name = "";
  /** Up to where it was read. */
  #read = { epoch: null, seq: 0 };
  /** With whom something was said, the last one first. */
  #people = [];
  #head = 0;
  #unread = 0;
  /** What was read before the page was opened: `{epoch, seq}`, or null if nothing was. */
  before = null;

  /**
   * @param {boolean} here whether this page shows it
   * @param {{me(): string}} on
   */
  constructor(here, list, on) {
    this.#here = here;
    this.#list = list;
    this.#on = on;
    addEventListener("storage", ({ key }) => {
      if (key !== this.#readKey) return;
      this.#read = kept(key) ?? this.#read;
      this.#count();
    });
  }

  /** Whose it is. An inbox is that of a member. */
  of(name) {
    this.#name = name;
    this.#read = kept(this.#readKey) ?? { epoch: null, seq: 0 };
    this.#people = kept(this.#peopleKey) ?? [];
  }

  // Another tab that reads must not be undone by one that hears who wrote.
  get #readKey() {
    return `chat.inbox.${this.#name}`;
  }

  get #peopleKey() {
    return `chat.people.${this.#name}`;
  }

  welcome(position) {
    if (!position) return;
    const { epoch, head } = position;
    this.before ??= this.#read.epoch === null ? null : this.#read;
    // In another log nothing was read.
    if (this.#read.epoch !== epoch) this.#read = { epoch, seq: 0 };
    this.#head = head;
    this.#count();
  }

  /** Something came in, or something is missing. */
  heard({ type, seq, from, to, after, next }) {
    const me = this.#on.me();
    if (type === "gap") this.#unread += next - 1 - after;
    if (type !== "message") return this.#draw();
    const others = [from, ...to].filter((name) => name !== me);
    this.#people = [...new Set([...others, ...this.#people])].slice(0, MOST_PEOPLE);
    store.set(this.#peopleKey, JSON.stringify(this.#people));
    this.#head = Math.max(this.#head, seq);
    if (from !== me) this.#unread += 1;
    // What one said oneself, in another tab, is read.
    else if (this.#unread === 0) this.read(this.#read.epoch, this.#head);
    this.#draw();
  }

  /** Everything up to here is read. */
  read(epoch, seq) {
    if (epoch === null || (this.#read.epoch === epoch && this.#read.seq >= seq)) return;
    this.#read = { epoch, seq };
    store.set(this.#readKey, JSON.stringify(this.#read));
  }

  #count() {
    this.#unread = Math.max(0, this.#head - this.#read.seq);
    this.#draw();
  }

  #draw() {
    const unread = this.#here ? 0 : this.#unread;
    const link = el("a", "", el("span", "hash", INBOX), el("bdi", "", t("private")));
    link.href = ADDRESS;
    link.firstChild.setAttribute("aria-hidden", "true");
    if (this.#here) link.setAttribute("aria-current", "page");
    if (unread > 0) link.append(badge(unread, true));
    const focused = this.#list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    this.#list.replaceChildren(el("li", "", link), ...this.#people.map(person));
    if (focused) this.#list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    document.body.classList.toggle("written", unread > 0);
  }
}

/** What the browser keeps under a key; null if that cannot be read. */
function kept(key) {
  try {
    return JSON.parse(store.get(key));
  } catch {
    return null;
  }
}

function person(name) {
  const link = el("a", "person", face(name), nameOf(name));
  link.href = addressOf(name);
  link.title = t("writeTo");
  return el("li", "", link);
}
