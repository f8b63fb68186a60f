// The words of the X-ray in the reader's language, and how it writes times, numbers and names. A
// missing key is a bug, not a fallback.

import { en } from "./xray-words-en.js";
import { zh } from "./xray-words-zh.js";

const chinese = document.documentElement.lang.startsWith("zh");
const table = chinese ? zh : en;

/** `x("row.join", who)` */
export const x = (key, ...values) => {
  const word = key.split(".").reduce((at, part) => at[part], table);
  return typeof word === "function" ? word(...values) : word;
};

const digits = new Intl.NumberFormat(chinese ? "zh-CN" : "en");
export const count = (n) => digits.format(n);

/** A length of time, in the unit that suits it. */
export function length(us) {
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${short(us / 1_000)} ms`;
  return `${short(us / 1_000_000)} s`;
}

/** A length of time to the microsecond, while anybody wants to know that. */
export const exact = (us) => (us < 10_000 ? `${count(us)} µs` : length(us));

const short = (n) => (n < 10 ? n.toFixed(1).replace(/\.0$/, "") : String(Math.round(n)));

/** A rate, as short as a gauge is small. */
export const rate = (n) => (n >= 1_000 ? `${short(n / 1_000)}k` : short(n));

/** The time of day, with all that the trace tells of it. */
export function clock(us) {
  const date = new Date(Math.floor(us / 1_000));
  const two = (n) => String(n).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${time}.${String(us % 1_000_000).padStart(6, "0")}`;
}

/** A name that keeps its direction to itself. */
export const apart = (text) => `\u2068${text}\u2069`;

/** What a client is called. */
export const label = (lane) => lane.name || `${lane.wire && lane.wire !== "http" ? `${lane.wire} ` : ""}${lane.client}`;
export const who = (lane) => (lane.name ? apart(lane.name) : x("client", lane.client));
/** And which of those with that name it is. */
export const whoExactly = (lane) => (lane.name && lane.wire !== "http" ? x("by", apart(lane.name), lane.client) : who(lane));
