// Who is writing: told to others now and then, and shown for some seconds. Not in a crowd, and
// never said aloud.

import { el } from "./row.js";
import { comma, t } from "./words.js";

const PAUSE_MS = 3_000;
const SHOWN_MS = 5_000;
const CROWD = 50;
const NAMED = 3;

export class Typing {
  #node;
  #on;
  #toldAt = 0;
  /** By name: the timer that takes it away. */
  #writing = new Map();

  /** @param {{tell(): void, count(): number}} on */
  constructor(node, on) {
    this.#node = node;
    this.#on = on;
  }

  /** The reader writes something for the room. */
  typed() {
    if (Date.now() - this.#toldAt < PAUSE_MS || this.#on.count() < 2 || this.#on.count() > CROWD) return;
    this.#toldAt = Date.now();
    this.#on.tell();
  }

  heard(name) {
    clearTimeout(this.#writing.get(name));
    this.#writing.set(name, setTimeout(() => this.said(name), SHOWN_MS));
    this.#draw();
  }

  /** What somebody wrote is there, or they stopped. */
  said(name) {
    clearTimeout(this.#writing.get(name));
    if (this.#writing.delete(name)) this.#draw();
  }

  /** What is written next is news again. */
  sent() {
    this.#toldAt = 0;
  }

  #draw() {
    const all = [...this.#writing.keys()];
    const names = all.slice(0, NAMED).flatMap((name, i) => [...(i > 0 ? [comma] : []), el("bdi", "", name)]);
    if (all.length > NAMED) names.push(comma, t("others", all.length - NAMED));
    this.#node.replaceChildren(...(all.length > 0 ? [...names, t(all.length > 1 ? "areTyping" : "isTyping")] : []));
  }
}
