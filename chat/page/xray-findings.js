// What one should know, found in the events. Pure: each finder looks at the same list of steps,
// as `Seen` left them, and tells what it found.

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const SLOW_US = 5_000;
const SLOW_STORE_US = 100_000;
const COMES_BACK = 4;
/** The server tells it so long after the first byte had to wait. */
const STALLED_US = SECOND;
const MOST = 6;

/**
 * @typedef {{what: string, level: "bad"|"slow"|"note", at: number, lane?: Lane, room?: string, seq?: number} & Record<string, any>} Finding
 * @typedef {import("./xray-event.js").Step} Step
 * @typedef {{now: number, since: number}} Span microseconds since 1970; only steps in it count
 */

const FINDERS = [stalled, comesBack, missed, cannotResume, refusals, slowMessage, slowStore, behind, troubles, unrecorded];

/**
 * The gravest first, and of those the newest.
 * @param {Step[]} steps
 * @param {Span} span
 * @returns {Finding[]}
 */
export function findings(steps, { now, since = now - MINUTE }) {
  const rank = { bad: 0, slow: 1, note: 2 };
  const found = FINDERS.flatMap((finder) => finder(steps, { now, since }));
  return found.sort((a, b) => rank[a.level] - rank[b.level] || b.at - a.at).slice(0, MOST);
}

/** Who takes nothing, for how long, and how much was said meanwhile. */
export function stalled(steps, { now }) {
  const held = new Map();
  for (const step of steps) {
    const { what, lane, at } = step;
    if (step.anew) held.clear();
    if (what === "stalled" && lane) held.set(lane, { at, behind: 0 });
    else if ((what === "sent" || what === "batch" || what === "acked" || what === "closed") && lane) held.delete(lane);
    else if (what === "stored") {
      for (const [waiting, one] of held) if ((waiting.rooms.get(step.room)?.until ?? 0) > at) one.behind += 1;
    }
  }
  // Nobody is let go on so long: that it goes on again is not in these events.
  const still = [...held].filter(([, { at }]) => now - at < MINUTE);
  return still.map(([lane, { at, behind }]) => {
    const seconds = Math.floor((now - at + STALLED_US) / SECOND);
    return { what: "stalled", level: "bad", at, lane, seconds, behind };
  });
}

/** Who joined again and again within a minute. */
export function comesBack(steps, { now, since }) {
  const times = new Map();
  for (const { what, lane, room, at } of steps) {
    if (what !== "joined" || at < since) continue;
    const key = `${room} ${lane.name}`;
    const one = times.get(key) ?? { lane, room, ats: [] };
    times.set(key, one);
    one.lane = lane;
    one.ats.push(at);
  }
  const found = [];
  for (const { lane, room, ats } of times.values()) {
    // The first time is no return. Of all minutes the fullest counts.
    let [most, first] = [0, 0];
    ats.forEach((at, last) => {
      while (ats[first] <= at - MINUTE) first += 1;
      most = Math.max(most, last - first + 1);
    });
    if (most > COMES_BACK) found.push({ what: "comesBack", level: "bad", at: ats.at(-1), lane, room, times: most - 1 });
  }
  return found.filter(({ at }) => at <= now);
}

/** Who missed how many messages. */
export function missed(steps, { since }) {
  return byLane(steps, since, "gap", "missed", "bad", (one, { next, after }) => (one.count += Math.max(next - after - 1, 1)));
}

export function cannotResume(steps, { since }) {
  return byLane(steps, since, "reset", "cannotResume", "slow", (one, { why }) => (one.why = why));
}

export function refusals(steps, { since }) {
  return byLane(steps, since, "refused", "refused", "slow", (one, { code }) => {
    one.count += 1;
    one.why = code;
  });
}

export function behind(steps, { since }) {
  return byLane(steps, since, "lagging", "behind", "note", (one) => (one.count += 1));
}

function byLane(steps, since, event, what, level, add) {
  const found = new Map();
  for (const { what: is, lane, room, at, data } of steps) {
    if (is !== event || at < since) continue;
    const one = found.get(lane) ?? { what, level, lane, room, count: 0 };
    found.set(lane, one);
    one.at = at;
    add(one, data);
  }
  return [...found.values()];
}

/** The message that took longest to be with everybody who was there, and who was the last. */
export function slowMessage(steps, { since }) {
  const stored = new Map();
  let worst;
  for (const { what, room, at, lane, data } of steps) {
    const key = `${room} ${data.seq}`;
    if (what === "stored" && room !== "@") stored.set(key, at);
    else if (what === "sent" && stored.has(key) && at >= since) {
      const from = stored.get(key);
      const here = (lane.rooms.get(room)?.from ?? -Infinity) <= from;
      const us = at - from;
      if (here && us >= SLOW_US && us > (worst?.us ?? 0)) worst = { what: "slowMessage", level: "slow", at, lane, room, seq: data.seq, us };
    }
  }
  return worst ? [worst] : [];
}

/** The message that waited longest for the disk. */
export function slowStore(steps, { since }) {
  const waiting = new Map();
  let worst;
  for (const { what, room, at, lane, data } of steps) {
    const key = lane && `${lane.id} ${room}`;
    if (what === "received") waiting.set(key, [...(waiting.get(key) ?? []), at]);
    else if (what === "stored" || what === "repeated") {
      const from = waiting.get(key)?.shift();
      const us = at - from;
      if (at >= since && us >= SLOW_STORE_US && us > (worst?.us ?? 0)) worst = { what: "slowStore", level: "slow", at, lane, room, seq: data.seq, us };
    }
  }
  return worst ? [worst] : [];
}

/** What the server itself cannot do. */
export function troubles(steps, { since }) {
  const kinds = new Set(["store_failed", "read_failed", "accept_failed", "index_damaged"]);
  const last = new Map(steps.filter(({ what, at }) => kinds.has(what) && at >= since).map((step) => [step.what, step]));
  return [...last.values()].map(({ what, at, data }) => ({ what, level: "bad", at, why: data.error }));
}

/** Events that are missing in what is looked at. */
export function unrecorded(steps, { since }) {
  const lost = steps.filter(({ what, at }) => what === "lost" && at >= since);
  const count = lost.reduce((sum, { data }) => sum + (Number.isFinite(data.lost) ? data.lost : 0), 0);
  return count > 0 ? [{ what: "unrecorded", level: "note", at: lost.at(-1).at, count }] : [];
}
