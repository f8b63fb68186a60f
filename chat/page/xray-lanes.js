// Draws the lanes: the rows that are in view, each a line of text for a screen reader too.

import { el } from "./row.js";
import { cells, columns } from "./xray-columns.js";
import { follows } from "./xray-follow.js";
import { Heads } from "./xray-heads.js";
import { picture, ROW } from "./xray-picture.js";
import { sentence } from "./xray-sentence.js";

const MORE = 6;

export class Lanes {
  #heads;
  #rows;
  /** Where the sentence of one row stands if there is no room beside the rows. */
  #one;
  #spacer;
  #on;
  /** What is drawn, by number. @type {Map<number, {node: HTMLElement, as: string}>} */
  #drawn = new Map();
  #shown = [];
  #view = { model: undefined, now: 0 };
  /** The row that the keyboard is on, by number. */
  #at = -1;
  follow;

  /** @param {{chose(message: object | undefined): void, followed(): void}} on */
  constructor({ heads, rows, one }, on) {
    this.#heads = new Heads(heads, rows);
    this.#rows = rows;
    this.#one = one;
    this.#on = on;
    this.#spacer = el("div", "spacer");
    rows.append(this.#spacer);
    this.follow = follows(rows, ROW, () => {
      this.#paint();
      on.followed();
    });
    rows.addEventListener("click", (event) => {
      const at = Math.floor((event.clientY - rows.getBoundingClientRect().top + rows.scrollTop) / ROW);
      this.#choose(this.#shown[at]);
    });
    rows.addEventListener("keydown", (event) => this.#key(event));
  }

  set width(width) {
    this.#heads.width = width;
    this.#paint();
  }

  /**
   * @param {import("./xray-model.js").Model} model
   * @param {import("./xray-model.js").Row[]} rows those to show
   * @param {{now: number, me: string, chosen?: Lane, message?: object, held: boolean, room: string, rooms: boolean}} how
   */
  draw(model, rows, how) {
    const before = this.#shown[0]?.n ?? 0;
    this.#shown = rows;
    this.#view = { model, ...how };
    // Rows that went from the start must not move what is read.
    const gone = Math.max((rows[0]?.n ?? before) - before, 0);
    this.#spacer.style.setProperty("block-size", `${rows.length * ROW}px`);
    this.follow.grew(rows.length, gone);
    this.#heads.draw(columns(model, how), how.room);
    this.#paint();
  }

  #paint() {
    if (!this.#view.model || this.#heads.width === 0) return;
    const [first, end] = this.follow.seen;
    const top = Math.max(first - MORE, 0);
    const visible = this.#shown.slice(top, end + MORE);
    const keep = new Set(visible.map(({ n }) => n));
    for (const [n, { node }] of this.#drawn) {
      if (keep.has(n)) continue;
      node.remove();
      this.#drawn.delete(n);
    }
    visible.forEach((row, at) => this.#row(row, top + at));
    const active = this.#drawn.get(this.#at)?.node;
    const one = this.#shown.find(({ n }) => n === this.#at) ?? this.#shown.at(-1);
    const words = one ? sentence(one) : "";
    if (this.#one.textContent !== words) this.#one.textContent = words;
    if (active) this.#rows.setAttribute("aria-activedescendant", active.id);
    else this.#rows.removeAttribute("aria-activedescendant");
  }

  #row(row, at) {
    const { model, now, message } = this.#view;
    const across = cells(model, row, this.#heads.columns, now);
    const chosen = row.message !== undefined && row.message === message;
    const how = across.map(({ line, mark }) => line + mark).join();
    const as = [this.#heads.layout, at, how, row.kind, row.first, row.seq, row.count, row.message?.seq, row.message?.sent.size, row.message?.told?.clients, chosen, row.n === this.#at, this.#shown.length].join();
    let drawn = this.#drawn.get(row.n);
    if (drawn?.as === as) return;
    if (!drawn) {
      drawn = { node: el("div"), as };
      drawn.node.id = `xray-row-${row.n}`;
      drawn.node.setAttribute("role", "option");
      this.#drawn.set(row.n, drawn);
      this.#rows.append(drawn.node);
    }
    drawn.as = as;
    const { node } = drawn;
    const words = this.#view.rooms && roomOf(row) ? `${roomOf(row)}: ${sentence(row)}` : sentence(row);
    node.className = `event ${row.kind}`;
    node.classList.toggle("at", row.n === this.#at);
    node.style.setProperty("inset-block-start", `${at * ROW}px`);
    node.setAttribute("aria-label", words);
    node.setAttribute("aria-selected", String(chosen));
    node.setAttribute("aria-posinset", String(at + 1));
    node.setAttribute("aria-setsize", String(this.#shown.length));
    node.title = words;
    node.replaceChildren(picture(row, across, this.#heads), el("span", "caption", words));
  }

  /** Brings what was said into view. */
  show({ said }) {
    const at = this.#shown.indexOf(said);
    if (at < 0) return;
    this.#at = said.n;
    this.follow.on = false;
    this.#rows.scrollTop = (at + 0.5) * ROW - this.#rows.clientHeight / 2;
    this.#paint();
  }

  #choose(row) {
    if (!row) return;
    this.#at = row.n;
    this.#on.chose(row.message);
    this.#paint();
  }

  #key(event) {
    const page = Math.floor(this.#rows.clientHeight / ROW) - 1;
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Escape" && this.#view.held) {
      event.preventDefault();
      this.#on.chose(undefined);
    }
    if (by === undefined || this.#shown.length === 0) return;
    event.preventDefault();
    const last = this.#shown.length - 1;
    const now = this.#shown.findIndex(({ n }) => n === this.#at);
    const at = Math.min(Math.max((now < 0 ? last + 1 : now) + by, 0), last);
    const [top, bottom] = [at * ROW, (at + 1) * ROW];
    const { scrollTop, clientHeight } = this.#rows;
    if (top < scrollTop) this.#rows.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#rows.scrollTop = bottom - clientHeight;
    this.#choose(this.#shown[at]);
  }
}

const roomOf = ({ room, message }) => room ?? message?.room;
