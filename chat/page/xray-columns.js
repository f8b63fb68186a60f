// Who gets a column of his own where there are too many for one each. Pure.

import { members } from "./xray-messages.js";
import { isMember } from "./xray-tracks.js";

export const MOST_COLUMNS = 12;
const TROUBLE = ["gap", "reset", "refused", "stalled", "lagging"];

/**
 * The columns from the start to the end, each with those it stands for. The last one has the rest
 * if not everybody fits: kept are you, who missed something, who is slow, and who speaks.
 * @param {import("./xray-model.js").Model} model
 * @param {{me?: string, chosen?: Lane, most?: number}} how
 * @returns {{lanes: Set<Lane>, lane?: Lane, you: boolean}[]}
 */
export function columns(model, { me = "", chosen, most = MOST_COLUMNS } = {}) {
  const oldest = model.rows[0]?.n ?? 0;
  const all = [...model.tracks].filter(([, { last }]) => last >= oldest);
  const you = (lane) => me !== "" && lane.name === me;
  const own = (lane) => ({ lanes: new Set([lane]), lane, you: you(lane) });
  if (all.length <= most) return all.map(([lane]) => own(lane));
  const newest = (track, kinds) => Math.max(...kinds.map((kind) => track.marks.get(kind) ?? -1));
  const weight = ([lane, track]) => {
    if (lane === chosen) return 4;
    if (you(lane)) return 3;
    if (newest(track, TROUBLE) >= oldest) return 2;
    return newest(track, ["said"]) >= oldest ? 1 : 0;
  };
  const weighed = all.map((one) => ({ one, weight: weight(one), last: newest(one[1], [...TROUBLE, "said"]) }));
  const kept = weighed.filter((it) => it.weight > 0).sort((a, b) => b.weight - a.weight || b.last - a.last);
  const keep = new Set(kept.slice(0, most - 1).map((it) => it.one[0]));
  const rest = new Set(all.map(([lane]) => lane).filter((lane) => !keep.has(lane)));
  return [...[...keep].sort((a, b) => order(all, a) - order(all, b)).map(own), { lanes: rest, you: false }];
}

const order = (all, lane) => all.findIndex(([other]) => other === lane);

/** Who has a message so much later than it was stored, is late. */
export const LATE_US = 1_000_000;
const MARKS = { join: "comes", said: "says", again: "says", catch: "has", left: "goes", stalled: "slow", lagging: "slow", gap: "misses", reset: "misses", refused: "misses" };

/**
 * What is in each column of a row: its line (`|` through the row, `+` from it on, `x` up to it,
 * `.` within it, `-` none) and what happens there.
 * @returns {{line: string, mark: ""|"comes"|"says"|"has"|"late"|"waits"|"misses"|"slow"|"goes"}[]}
 */
export function cells(model, row, columns, now) {
  return columns.map(({ lanes }) => ({ line: line(model, lanes, row.n), mark: row.kind === "out" ? had(model, row, lanes, now) : lanes.has(row.lane) ? MARKS[row.kind] : "" }));
}

function line(model, lanes, n) {
  let how = "-";
  for (const lane of lanes) {
    const { first, last } = model.tracks.get(lane) ?? { first: Infinity, last: -1 };
    if (first > n || last < n) continue;
    if (first < n && last > n) return "|";
    const one = first === n ? (last === n ? "." : "+") : "x";
    how = how === "-" || how === one ? one : "|";
  }
  return how;
}

/** Of many, what is worth a look: somebody misses it, waits for it, or had it late. */
function had(model, { message }, lanes, now) {
  if (!message) return "";
  const late = now - message.stored > LATE_US;
  // Who was told at once is only known where that was everybody who was not told apart.
  const all = message.told?.clients >= message.of - members(message).length;
  let best = "";
  for (const lane of lanes) {
    const at = message.sent.get(lane);
    if (message.missed.has(lane)) return "misses";
    if (at !== undefined) best = at - message.stored > LATE_US ? better(best, "late") : better(best, "has");
    else if (message.seq === undefined || !model.wasHere(lane, message)) continue;
    else if (all && isMember(lane)) best = better(best, "has");
    else if (late && !message.told && message.sent.size > 0) best = "waits";
  }
  return best;
}

const RANK = ["", "has", "late", "waits"];
const better = (a, b) => (RANK.indexOf(a) > RANK.indexOf(b) ? a : b);

/** Whether a row is about somebody: his own, what he said, and what came for him. */
export function involves({ lane, message }, who) {
  return lane === who || message?.from === who || (message?.sent.has(who) ?? false) || (message?.missed.has(who) ?? false);
}
