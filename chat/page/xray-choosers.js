// Draws what can be chosen: a room, and a member of it.

import { el } from "./row.js";
import { label, whoExactly, x } from "./xray-words.js";

const MOST_MEMBERS = 200;

/**
 * @param {{room: HTMLSelectElement, member: HTMLSelectElement}} parts
 * @param {import("./xray-trace.js").Trace} trace
 */
export function choosers(parts, { seen, room, member }) {
  const rooms = new Set([...seen.rooms.keys(), ...(room ? [room] : [])]);
  options(parts.room, [["", x("allRooms")], ...[...rooms].sort().map((name) => [name, `#${name}`])], room);
  const lanes = seen.lanes.filter((lane) => lane.wire !== "http" || lane.name).filter((lane) => !room || lane.rooms.has(room));
  const known = member && !lanes.slice(-MOST_MEMBERS).includes(member) ? [member] : [];
  const choices = [...known, ...lanes.slice(-MOST_MEMBERS)].map((lane) => [lane.id, lane.name ? whoExactly(lane) : label(lane)]);
  options(parts.member, [["", x("everybody")], ...choices], member?.id ?? "");
}

/** Fills a chooser if its choices changed. */
function options(select, choices, value) {
  const as = choices.map((choice) => choice.join("\0")).join("\n");
  if (select.dataset.as !== as) {
    select.dataset.as = as;
    select.replaceChildren(...choices.map(([id, words]) => Object.assign(el("option", "", words), { value: id })));
  }
  if (select.value !== value) select.value = value;
}
