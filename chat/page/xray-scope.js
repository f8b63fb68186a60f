// One message under the microscope: bars on a linear axis of microseconds. Pure.

const MOST_BARS = 12;
/** A bar that is so many times as long as the middle one is cut, or nothing else could be seen. */
const CUT = 20;

/**
 * @param {import("./xray-model.js").Message} message
 * @returns {{bars: {kind: "stored"|"sent"|"missed"|"told", lane?: Lane, from: number, to: number, acked?: number, last?: boolean, cut?: boolean, clients?: number}[],
 *   end: number, ticks: number[], rest: number, restTo: number, coarse: boolean} | null}
 *   Times in microseconds since the message came. `rest` are as many as did not fit, all of whom
 *   had it by `restTo`. `coarse` if the trace has no microseconds.
 */
export function scope(message) {
  const zero = message.received ?? message.stored;
  if (zero === undefined) return null;
  const stored = message.stored === undefined ? 0 : Math.max(message.stored - zero, 0);
  const since = (at) => (at === undefined ? undefined : Math.max(at - zero, 0));
  const bars = [];
  if (message.received !== undefined && message.stored !== undefined) bars.push({ kind: "stored", lane: message.from, from: 0, to: stored });
  const sent = [...message.sent]
    .map(([lane, at]) => ({ kind: "sent", lane, from: stored, to: since(at), acked: since(message.acked.get(lane)) }))
    .sort((a, b) => a.to - b.to);
  if (sent.length > 1 && !(stored + message.told?.us >= sent.at(-1).to)) sent.at(-1).last = true;
  // Who was early is all alike; who was late is what one looks for.
  const rest = sent.length > MOST_BARS ? sent.splice(0, sent.length - MOST_BARS + 1) : [];
  bars.push(...sent);
  if (message.told) {
    bars.push({ kind: "told", from: stored, to: stored + message.told.us, clients: message.told.clients });
  }
  for (const lane of message.missed) bars.push({ kind: "missed", lane, from: stored, to: stored });
  const lengths = bars.filter(({ kind }) => kind === "sent").map(({ to }) => to);
  const middle = lengths[Math.floor((lengths.length - 1) / 2)] ?? Infinity;
  const longest = Math.max(1, ...bars.map(({ to }) => to).filter((to) => to <= middle * CUT));
  const ticks = steps(longest);
  const end = Math.max(longest, ticks.at(-1));
  for (const bar of bars) if (bar.to > end) bar.cut = true;
  const all = [message.received, message.stored, ...message.sent.values()];
  const coarse = all.every((at) => at === undefined || at % 1_000 === 0);
  return { bars, end, ticks, rest: rest.length, restTo: rest.at(-1)?.to ?? 0, coarse };
}

/** Three to six round numbers from 0 to about a length. */
function steps(length) {
  const raw = length / 4;
  const ten = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max([1, 2, 5, 10].map((n) => n * ten).find((n) => n >= raw), 1);
  return Array.from({ length: Math.floor(length / step + 1e-9) + 1 }, (_, n) => n * step);
}
