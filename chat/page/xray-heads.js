// The columns of the lanes: who stands where, and his name above it.

import { el, face } from "./row.js";
import { label, x } from "./xray-words.js";

/** Where the line of the room is, in pixels from the start. */
export const ROOM_X = 76;
const WIDE = 760;
const WIDEST_GAP = 92;
const CAPTION = 300;

export class Heads {
  #node;
  #rows;
  #width = 0;
  #gap = 0;
  #laid = "";
  /** @type {ReturnType<import("./xray-columns.js").columns>} */
  columns = [];
  /** Counts the changes of the columns: rows drawn before are stale. */
  layout = 0;

  constructor(node, rows) {
    this.#node = node;
    this.#rows = rows;
  }

  get width() {
    return this.#width;
  }

  set width(width) {
    this.#width = width;
    this.#laid = "";
  }

  draw(columns, room) {
    this.columns = columns;
    const laid = `${this.#width} ${room} ` + columns.map((c) => (c.lane ? `${c.lane.id}${c.lane.name}${c.you}` : `+${c.lanes.size}`)).join(" ");
    if (laid === this.#laid) return;
    this.#laid = laid;
    this.layout += 1;
    const wide = this.#width >= WIDE;
    const left = this.#width - ROOM_X - 20 - (wide ? CAPTION : 0);
    this.#gap = Math.max(Math.min(left / Math.max(columns.length, 1), WIDEST_GAP), 8);
    this.#node.classList.toggle("close", this.#gap < 40);
    const heads = columns.map((column, at) => this.#put(this.x(at), head(column)));
    const place = el("span", "face place", "#");
    place.setAttribute("aria-hidden", "true");
    this.#node.replaceChildren(this.#put(ROOM_X, el("span", "head room", place, el("bdi", "", room || x("roomLane")))), ...heads);
    this.#rows.classList.toggle("wide", wide);
    this.#rows.style.setProperty("--caption", `${this.x(columns.length - 1) + 36}px`);
  }

  /** Where the line of a column is. */
  x(column) {
    return ROOM_X + this.#gap * (column + 1) - (this.#gap > 60 ? this.#gap * 0.2 : 0);
  }

  #put(at, node) {
    node.style.setProperty("inset-inline-start", `${at}px`);
    node.style.setProperty("max-inline-size", `${Math.max(this.#gap - 4, 24)}px`);
    return node;
  }
}

function head({ lane, lanes, you }) {
  const name = lane ? label(lane) : x("others", lanes.size);
  const node = el("span", "head", lane ? face(name) : el("span", "face rest", `+${lanes.size}`), el("bdi", "", you ? x("you") : name));
  node.classList.toggle("you", you);
  node.title = lane ? `${name}${lane.wire && lane.name ? ` (${lane.wire})` : ""}` : name;
  return node;
}
