// One line of a trace as an event. Pure: knows nothing of the page.

/**
 * @typedef {object} Step
 * @property {number} at microseconds since 1970; of the line before where a line has none
 * @property {string} what the name of the event
 * @property {string} [room]
 * @property {number} [client]
 * @property {object} data the whole line
 * @property {string} line the line itself
 */

const AT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;

/** Microseconds since 1970 of a time as traces have it; undefined if it is none. */
export function micros(text) {
  const match = AT.exec(text);
  const seconds = match ? Date.parse(`${match[1]}Z`) : NaN;
  if (Number.isNaN(seconds)) return undefined;
  return seconds * 1_000 + Number((match[2] ?? "").padEnd(6, "0").slice(0, 6));
}

/**
 * The event of a line as `--trace-format json` writes it; null if it is none.
 * @returns {Step | null}
 */
export function parse(line, before = 0) {
  let data;
  try {
    data = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof data?.event !== "string") return null;
  const { event: what, room, client } = data;
  return {
    at: micros(data.at) ?? before,
    what,
    room: typeof room === "string" ? room : undefined,
    client: Number.isSafeInteger(client) ? client : undefined,
    data,
    line,
  };
}

const SHOWN_APART = new Set(["at", "event", "message"]);

/** The fields of an event as lines of text show them. */
export function fields({ data }) {
  const value = (v) => (typeof v === "string" && /[\s"=]|^$/.test(v) ? JSON.stringify(v) : String(v));
  return Object.entries(data)
    .filter(([key]) => !SHOWN_APART.has(key))
    .map(([key, v]) => `${key}=${value(v)}`)
    .join(" ");
}

/** What a person said, where the trace shows it. */
export function said({ what, data }) {
  const text = typeof data.message === "string" ? data.message : "";
  return what === "received" && text.startsWith("Message received: ") ? text.slice(18) : "";
}

/**
 * Whether a step has all the words of a filter and none of those after a minus.
 * @returns {(step: Step) => boolean}
 */
export function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== "" && word !== "-");
  const without = words.filter((word) => word.startsWith("-")).map((word) => word.slice(1));
  const having = words.filter((word) => !word.startsWith("-"));
  if (words.length === 0) return () => true;
  return (step) => {
    const name = step.lane?.name ?? "";
    const line = `event=${step.what} ${fields(step)} ${said(step)} ${name}`.toLowerCase();
    return having.every((word) => line.includes(word)) && !without.some((word) => line.includes(word));
  };
}
