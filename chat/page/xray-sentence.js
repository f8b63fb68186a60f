// A row of the story as a sentence, and how many have what it says. Pure.

import { members } from "./xray-messages.js";
import { apart, length, who, x } from "./xray-words.js";

const named = (message) => (message.seq === undefined ? x("row.change") : `#${message.seq}`);

/** A row as a sentence. @param {import("./xray-model.js").Row} row */
export function sentence(row) {
  const { kind, lane, message } = row;
  const whom = lane && who(lane);
  if (kind === "said") return message?.room === "@" ? x("row.direct", whom) : x("row.said", whom, message ? saying(message) : x("row.change"));
  if (kind === "again") return x("row.again", whom, row.seq);
  if (kind === "out") {
    const [n, of, time] = reached(row);
    return message?.room === "@" ? x("row.outPrivate", n, time) : x("row.out", out(row), n, of, time);
  }
  if (kind === "catch") return x("row.catch", whom, row.first, row.seq);
  if (kind === "gap") return x("row.gap", whom, row.count, row.why);
  if (kind === "skipped") return x("row.skipped", row.count);
  if (kind === "server") return x(`server.${row.what}`) + (row.why ? `: ${row.why}` : "");
  return x(`row.${kind}`, whom, row.why);
}

const saying = (message) => (message.text ? `${named(message)} “${apart(message.text)}”` : named(message));
const out = (row) => (row.message && row.first === row.seq ? named(row.message) : row.first < row.seq ? `#${row.first} – #${row.seq}` : `#${row.seq}`);

/** How many members have it, of how many, after how long: who was told apart and who was told at once. */
export function reached({ message, told }) {
  if (!message) return [told.clients, told.clients, length(told.us)];
  const n = members(message).length + (message.told?.clients ?? 0);
  const of = Math.max(n, message.of);
  const took = lasted({ message, told });
  return [n, of, took === undefined ? "" : length(took)];
}

/** Microseconds until the last one had it. */
export function lasted({ message, told }) {
  if (!message) return told?.us;
  const from = message.stored ?? message.received;
  const at = members(message).map(([, at]) => at);
  if (from === undefined || at.length === 0) return message.told?.us;
  return at.reduce((last, at) => Math.max(last, at - from), message.told?.us ?? 0);
}
