// The lines of the trace: those in view are drawn, the newest 10,000 are there.

import { el } from "./row.js";
import { fields, filter, said } from "./xray-event.js";
import { follows } from "./xray-follow.js";
import { clock, count, x } from "./xray-words.js";

const LINE = 22;
const MORE = 10;

export class Lines {
  #scroller;
  #spacer;
  #tally;
  #passes = filter("");
  #all = [];
  #shown = [];
  #drawn = new Map();
  #only = () => true;
  follow;

  constructor(scroller, tally, moved) {
    this.#scroller = scroller;
    this.#tally = tally;
    this.#spacer = el("div", "spacer");
    scroller.append(this.#spacer);
    this.follow = follows(scroller, LINE, () => {
      this.#paint();
      moved();
    });
  }

  /** What is shown, as lines of JSON. */
  get text() {
    return this.#shown.map(({ line }) => `${line}\n`).join("");
  }

  set words(words) {
    this.#passes = filter(words);
    this.reset(this.#all, this.#only);
  }

  /** All lines anew. */
  reset(steps, only) {
    this.#all = steps;
    this.#only = only;
    this.#shown = steps.filter((step) => only(step) && this.#passes(step));
    this.#measure();
  }

  /** Some more lines, and how many of the oldest are not there any more. */
  add(steps, gone) {
    this.#shown.push(...steps.filter((step) => this.#only(step) && this.#passes(step)));
    let first = 0;
    if (gone > 0) {
      const oldest = this.#all[0].n;
      while (first < this.#shown.length && this.#shown[first].n < oldest) first += 1;
      this.#shown.splice(0, first);
    }
    this.#measure(first);
  }

  #measure(gone = 0) {
    this.#spacer.style.setProperty("block-size", `${this.#shown.length * LINE}px`);
    const tally = x("shown", count(this.#shown.length), count(this.#all.length));
    if (this.#tally.textContent !== tally) this.#tally.textContent = tally;
    this.follow.grew(this.#shown.length, gone);
    this.#paint();
  }

  #paint() {
    const [first, end] = this.follow.seen;
    const top = Math.max(first - MORE, 0);
    const visible = this.#shown.slice(top, end + MORE);
    const keep = new Set(visible);
    for (const [step, node] of this.#drawn) {
      if (keep.has(step)) continue;
      node.remove();
      this.#drawn.delete(step);
    }
    visible.forEach((step, at) => {
      let node = this.#drawn.get(step);
      if (!node) {
        node = line(step);
        this.#drawn.set(step, node);
        this.#scroller.append(node);
      }
      node.style.setProperty("inset-block-start", `${(top + at) * LINE}px`);
    });
  }
}

function line(step) {
  const text = said(step);
  const rest = [fields(step), ...(text ? [el("q", "", el("bdi", "", text))] : [])];
  const node = el("p", `line ${step.what}`, el("time", "", clock(step.at)), " ", el("b", "", step.what), " ", el("span", "", rest[0], ...(rest[1] ? [" ", rest[1]] : [])));
  node.title = step.data.message ? `${step.data.message} ${rest[0]}` : rest[0];
  return node;
}
