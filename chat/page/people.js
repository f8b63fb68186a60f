// Who is here: the list, the count, and one quiet line per run of comings and goings.

import { addressOf } from "./inbox.js";
import { el, face, nameOf } from "./row.js";
import { t, comma } from "./words.js";

const SHOWN = 6;
// After a reconnect everybody else is still coming back; their names must not read as news.
const SETTLE_MS = 10_000;

export class People {
  /** null when the room is too big to be listed. */
  members = new Set();
  count = 0;
  #me = "";
  #log;
  #list;
  #counts;
  /** Whom the reader believes to be here: what the lines so far amount to. */
  #believed = null;
  #settling = 0;
  #line = null;
  #joined = new Set();
  #left = new Set();

  constructor(log, list, counts) {
    this.#log = log;
    this.#list = list;
    this.#counts = counts;
  }

  iAm(name) {
    this.#me = name;
  }

  frame(frame) {
    const { count, members, joined = [], left = [] } = frame;
    const snapshot = !("joined" in frame || "left" in frame);
    if (snapshot) this.members = members ? new Set(members) : null;
    else if (this.members) {
      for (const name of joined) this.members.add(name);
      for (const name of left) this.members.delete(name);
      // A room that grew too big to be listed only tells how many.
      if (joined.length + left.length === 0 && count !== this.members.size) this.members = null;
    }
    if (this.#believed === null || this.members === null) this.#believe();
    else if (snapshot) this.#settle();
    else if (!this.#settling) this.#tell();
    this.#show(count);
  }

  #believe() {
    this.#believed = this.members && new Set(this.members);
  }

  #settle() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = 0;
      this.#tell();
    }, SETTLE_MS);
  }

  /** Brings the lines up to what is true now. */
  #tell() {
    if (this.members === null || this.#believed === null) return;
    const came = [...this.members].filter((name) => !this.#believed.has(name));
    const went = [...this.#believed].filter((name) => !this.members.has(name));
    this.#believe();
    const change = (name, to, from) => {
      if (name !== this.#me && !from.delete(name)) to.add(name);
    };
    if (this.#line === null || this.#log.tail !== this.#line) {
      if (![...came, ...went].some((name) => name !== this.#me)) return;
      this.#joined.clear();
      this.#left.clear();
      this.#line = el("p", "quiet");
      this.#log.node(this.#line);
    }
    for (const name of came) change(name, this.#joined, this.#left);
    for (const name of went) change(name, this.#left, this.#joined);
    this.#write();
  }

  #write() {
    const parts = [];
    if (this.#joined.size > 0) parts.push(phrase("joined", this.#joined));
    if (this.#left.size > 0) parts.push(phrase("left", this.#left));
    this.#line.hidden = parts.length === 0;
    this.#line.replaceChildren(...parts.flatMap((part, i) => (i > 0 ? [" · ", ...part] : part)));
  }

  #show(count) {
    this.count = count;
    for (const node of this.#counts) {
      node.textContent = String(count);
      node.parentElement.setAttribute("aria-label", t("hereCount", count));
    }
    if (this.members === null) {
      this.#list.replaceChildren(el("li", "many", t("manyHere")));
      return;
    }
    const others = [...this.members].filter((name) => name !== this.#me).sort((a, b) => a.localeCompare(b));
    const all = this.members.has(this.#me) ? [this.#me, ...others] : others;
    this.#list.replaceChildren(...all.map((name) => this.#person(name)));
  }

  #person(name) {
    if (name === this.#me) return el("li", "", face(name), nameOf(name), el("span", "you", t("you")));
    const link = el("a", "person", face(name), nameOf(name));
    link.href = addressOf(name);
    link.title = t("writeTo");
    return el("li", "", link);
  }
}

/** "bob, zoe joined", with every name in its own direction. */
function phrase(key, set) {
  const all = [...set];
  const shown = all.slice(0, SHOWN).map((name) => el("bdi", "", name));
  if (all.length > SHOWN) shown.push(t("others", all.length - SHOWN));
  const list = shown.flatMap((node, i) => (i > 0 ? [comma, node] : [node]));
  const [before, after] = t(key, "\0").split("\0");
  return [before, ...list, after];
}
