// The picture of one row: its piece of every line, and what happens in it.

import { ROOM_X } from "./xray-heads.js";
import { lasted, sentence } from "./xray-sentence.js";
import { count, length, x } from "./xray-words.js";

export const ROW = 28;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {import("./xray-model.js").Row} row
 * @param {ReturnType<import("./xray-columns.js").cells>} across
 * @param {import("./xray-heads.js").Heads} heads
 */
export function picture(row, across, heads) {
  const svg = shape("svg", { width: heads.width, height: ROW, "aria-hidden": "true" });
  const y = ROW / 2;
  svg.append(shape("path", { class: "place", d: `M${ROOM_X} 0V${ROW}` }));
  across.forEach(({ line }, column) => {
    const span = { "|": [0, ROW], "+": [y, ROW], x: [0, y] }[line];
    if (span) svg.append(shape("path", { class: "lane", d: `M${heads.x(column)} ${span[0]}V${span[1]}` }));
  });
  if (["anew", "away", "skipped", "server"].includes(row.kind)) {
    svg.append(shape("circle", { class: "knot", cx: ROOM_X, cy: y, r: 4 }), text(ROOM_X + 12, "words", sentence(row)));
  }
  const end = across.findLastIndex(({ mark }) => mark !== "");
  if (row.kind === "out" || row.kind === "catch") {
    // Where nobody is known who has it, it goes nowhere.
    svg.append(shape("path", { class: "way", d: `M${ROOM_X} ${y}H${end < 0 ? ROOM_X + 24 : heads.x(end)}` }));
  }
  across.forEach(({ mark }, column) => mark && svg.append(...figure(mark, heads.x(column), y, heads.columns[column].lanes.size > 1)));
  const before = note(row);
  if (before) svg.append(text(ROOM_X - 10, "note", before));
  return svg;
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
