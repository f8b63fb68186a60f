// Draws the lanes: the rows that are in view, each a line of text for a screen reader too.

import { el, face } from "./row.js";
import { cells, columns } from "./xray-columns.js";
import { follows } from "./xray-follow.js";
import { count, label, lasted, length, sentence, x } from "./xray-words.js";

const ROW = 28;
const ROOM_X = 76;
const WIDE = 760;
const WIDEST_GAP = 92;
const CAPTION = 300;
const MORE = 6;
const SVG = "http://www.w3.org/2000/svg";

export class Lanes {
  #head;
  #rows;
  /** Where the sentence of one row stands if there is no room beside the rows. */
  #one;
  #spacer;
  #on;
  #width = 0;
  #columns = [];
  #gap = 0;
  /** Counts the changes of the columns: rows drawn before are stale. */
  #layout = 0;
  #laid = "";
  /** What is drawn, by number. @type {Map<number, {node: HTMLElement, as: string}>} */
  #drawn = new Map();
  #shown = [];
  #view = { model: undefined, now: 0 };
  /** The row that the keyboard is on, by number. */
  #at = -1;
  follow;

  /** @param {{chose(message: object | undefined): void, followed(): void}} on */
  constructor({ heads, rows, one }, on) {
    this.#head = heads;
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
    this.#width = width;
    this.#laid = "";
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
    this.#columns = columns(model, how);
    // Rows that went from the start must not move what is read.
    const gone = Math.max((rows[0]?.n ?? before) - before, 0);
    this.#spacer.style.setProperty("block-size", `${rows.length * ROW}px`);
    this.follow.grew(rows.length, gone);
    this.#heads();
    this.#paint();
  }

  #heads() {
    const laid = `${this.#width} ${this.#view.room} ` + this.#columns.map((c) => (c.lane ? `${c.lane.id}${c.lane.name}${c.you}` : `+${c.lanes.size}`)).join(" ");
    if (laid === this.#laid) return;
    this.#laid = laid;
    this.#layout += 1;
    const wide = this.#width >= WIDE;
    const room = this.#width - ROOM_X - 20 - (wide ? CAPTION : 0);
    this.#gap = Math.max(Math.min(room / Math.max(this.#columns.length, 1), WIDEST_GAP), 8);
    this.#head.classList.toggle("close", this.#gap < 40);
    const heads = this.#columns.map((column, at) => this.#put(this.#x(at), head(column)));
    const place = el("span", "face place", "#");
    place.setAttribute("aria-hidden", "true");
    this.#head.replaceChildren(this.#put(ROOM_X, el("span", "head room", place, el("bdi", "", this.#view.room || x("roomLane")))), ...heads);
    this.#rows.classList.toggle("wide", wide);
    this.#rows.style.setProperty("--caption", `${this.#x(this.#columns.length - 1) + 36}px`);
  }

  #put(at, node) {
    node.style.setProperty("inset-inline-start", `${at}px`);
    node.style.setProperty("max-inline-size", `${Math.max(this.#gap - 4, 24)}px`);
    return node;
  }

  #x(column) {
    return ROOM_X + this.#gap * (column + 1) - (this.#gap > 60 ? this.#gap * 0.2 : 0);
  }

  #paint() {
    if (!this.#view.model || this.#width === 0) return;
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
    const across = cells(model, row, this.#columns, now);
    const chosen = row.message !== undefined && row.message === message;
    const how = across.map(({ line, mark }) => line + mark).join();
    const as = [this.#layout, at, how, row.kind, row.seq, row.count, row.message?.seq, row.message?.sent.size, chosen, row.n === this.#at, this.#shown.length].join();
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
    node.replaceChildren(this.#picture(row, across), el("span", "caption", words));
  }

  #picture(row, across) {
    const svg = shape("svg", { width: this.#width, height: ROW, "aria-hidden": "true" });
    const y = ROW / 2;
    svg.append(shape("path", { class: "place", d: `M${ROOM_X} 0V${ROW}` }));
    across.forEach(({ line }, column) => {
      const span = { "|": [0, ROW], "+": [y, ROW], x: [0, y] }[line];
      if (span) svg.append(shape("path", { class: "lane", d: `M${this.#x(column)} ${span[0]}V${span[1]}` }));
    });
    if (["anew", "skipped", "server"].includes(row.kind)) {
      svg.append(shape("circle", { class: "knot", cx: ROOM_X, cy: y, r: 4 }), text(ROOM_X + 12, "words", sentence(row)));
    }
    const end = across.findLastIndex(({ mark }) => mark !== "");
    if (row.kind === "out" || row.kind === "catch") {
      // Where nobody is known who has it, it goes nowhere.
      svg.append(shape("path", { class: "way", d: `M${ROOM_X} ${y}H${end < 0 ? ROOM_X + 24 : this.#x(end)}` }));
    }
    across.forEach(({ mark }, column) => mark && svg.append(...figure(mark, this.#x(column), y, this.#columns[column].lanes.size > 1)));
    const before = note(row);
    if (before) svg.append(text(ROOM_X - 10, "note", before));
    return svg;
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

function head({ lane, lanes, you }) {
  const name = lane ? label(lane) : x("others", lanes.size);
  const node = el("span", "head", lane ? face(name) : el("span", "face rest", `+${lanes.size}`), el("bdi", "", you ? x("you") : name));
  node.classList.toggle("you", you);
  node.title = lane ? `${name}${lane.wire && lane.name ? ` (${lane.wire})` : ""}` : name;
  return node;
}

/** A few words before the room, where a row has any. */
function note(row) {
  const { kind, message } = row;
  if (kind === "said") return message?.room === "@" ? x("mark.direct") : message?.seq === undefined ? "" : `#${message.seq}`;
  if (kind === "out") {
    const us = lasted(row);
    return us === undefined ? "" : `+${length(us)}`;
  }
  if (kind === "catch") return row.count > 1 ? `×${count(row.count)}` : `#${row.seq}`;
  if (kind === "gap") return x("mark.gap", row.count);
  return ["again", "reset", "refused", "lagging", "stalled"].includes(kind) ? x(`mark.${kind}`) : "";
}

const roomOf = ({ room, message }) => room ?? message?.room;

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function text(x, kind, words) {
  const node = shape("text", { x, y: ROW / 2 + 4, class: kind });
  node.textContent = words;
  return node;
}

/** What happens at one place of a row. */
function figure(mark, at, y, many) {
  const dot = (r, more = "") => shape("circle", { class: `dot ${more}`, cx: at, cy: y, r });
  const halo = shape("circle", { class: "halo", cx: at, cy: y, r: 9 });
  if (mark === "comes" || mark === "says") {
    const [way, tip] = [`M${at} ${y}H${ROOM_X + 9}`, `M${ROOM_X + 3} ${y}l8 -4.5v9z`];
    return [shape("path", { class: "way", d: way }), shape("path", { class: "tip", d: tip }), dot(4)];
  }
  if (mark === "goes") return [shape("circle", { class: "hollow", cx: at, cy: y, r: 4.5 })];
  if (mark === "waits") return [shape("circle", { class: "waits", cx: at, cy: y, r: 4.5 })];
  if (mark === "slow") return [halo, shape("path", { class: "bars", d: `M${at - 2.5} ${y - 4}v8M${at + 2.5} ${y - 4}v8` })];
  if (mark === "misses") return [halo, shape("path", { class: "cross", d: `M${at - 4.5} ${y - 4.5}l9 9m0 -9l-9 9` })];
  return [dot(many ? 6 : 4.5, mark === "late" ? "late" : "")];
}
