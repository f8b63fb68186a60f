// How one row looks. Knows nothing of order, of the wire or of scrolling.

import { render, jumbo, mentions } from "./text.js";
import { t, time, moment } from "./words.js";

const SNIPPET = 160;
const entries = new WeakMap();

/** What a row says, and by whom; undefined if it is not that of a message. */
export const entryOf = (row) => entries.get(row);

export function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** FNV-1a of the name: the same person has the same colour for everybody. */
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % 360;
}

const graphemes = Intl.Segmenter && new Intl.Segmenter();

function initial(name) {
  const first = graphemes ? graphemes.segment(name)[Symbol.iterator]().next().value?.segment : [...name][0];
  return (first ?? "?").toUpperCase();
}

export function face(name) {
  const node = el("span", "face", initial(name));
  node.setAttribute("aria-hidden", "true");
  node.style.setProperty("--hue", String(hue(name)));
  return node;
}

export function nameOf(name) {
  const node = el("bdi", "name", name);
  node.style.setProperty("--hue", String(hue(name)));
  return node;
}

function timeOf(date) {
  const node = el("time", "", time(date));
  node.dateTime = date.toISOString();
  node.title = moment(date);
  return node;
}

function textOf(body, names, me) {
  if (!body) return el("div", "text mark", t("deleted"));
  const text = el("div", "text", render(body, names, me));
  if (jumbo(body)) text.classList.add("jumbo");
  return text;
}

/** Shows other words in a row, or that there are none any more. */
export function changeRow(row, body, names, me) {
  const text = textOf(body, names, me);
  if (body) text.append(" ", el("small", "mark", t("edited")));
  row.querySelector(".text").replaceWith(text);
}

/** The beginning of a body, in one line. */
export const snippet = (body) => (body ? body.slice(0, SNIPPET).replace(/\s+/g, " ").trim() : t("deleted"));

/** A quoted line, which leads to what it quotes. */
export function quoteRow(seq) {
  const node = el("a", "quote", el("span", "", t("earlier")));
  node.href = `#m${seq}`;
  return node;
}

/** Says in a quoted line what it quotes. */
export function changeQuote(node, { from, body }) {
  node.replaceChildren(nameOf(from), " ", el("bdi", "", snippet(body)));
}

/** @param {{from: string, to?: string[], at: Date, body: string}} message */
export function messageRow(message, names, me) {
  const text = textOf(message.body, names, me);
  const to = message.to ? [" ", el("small", "mark", t("privately", message.to.join(", ")))] : [];
  const row = el(
    "div",
    "row",
    face(message.from),
    el("div", "by", nameOf(message.from), " ", timeOf(message.at), ...to),
    text,
  );
  if (message.from !== me && mentions(text)) row.classList.add("to-me");
  entries.set(row, message);
  row.setAttribute("role", "article");
  row.tabIndex = -1;
  return row;
}

/** A quiet line across the log: a day, a restart, a gap, the unread mark. */
export function ruleRow(kind, words) {
  const node = el("div", `rule ${kind}`, el("span", "", words));
  node.setAttribute("role", "separator");
  node.setAttribute("aria-label", words);
  return node;
}

export function button(key, onclick) {
  const node = el("button", "small", t(key));
  node.type = "button";
  node.addEventListener("click", onclick);
  return node;
}
