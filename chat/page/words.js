// The words of the page in the reader's language, and how it writes times and numbers. A missing
// key is a bug, not a fallback.

import { en } from "./words-en.js";
import { zh } from "./words-zh.js";

const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const table = lang === "zh" ? zh : en;
// English pages keep the reader's own English (13:05 or 1:05 PM); a page never mixes languages.
const locale = lang === "zh" ? "zh-CN" : (navigator.language.startsWith("en") && navigator.language) || "en";

export const t = (key, ...values) => {
  const word = table[key];
  return typeof word === "function" ? word(...values) : word;
};

/** What an error code means, to the person who reads it. */
export const reason = (code, ...values) => {
  const word = table.code[code] ?? table.code.other(code);
  return typeof word === "function" ? word(...values) : word;
};

/** Why somebody's connection ended. */
export const ended = (why) => table.end[why] ?? table.end.other(why);

const figures = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
/** Microseconds in each unit. */
const SIZES = [1, 1e3, 1e6, 60e6, 3600e6];

/** A time span, given in microseconds, in its largest unit. */
export function took(us) {
  const unit = Math.max(0, SIZES.findLastIndex((size) => us >= size));
  const n = us / SIZES[unit];
  return `${n >= 100 ? Math.round(n) : figures.format(n)} ${t("units")[unit]}`;
}

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const dayOfYear = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
const dayOfPast = new Intl.DateTimeFormat(locale, { dateStyle: "full" });

export const time = (date) => clock.format(date);
export const moment = (date) => full.format(date);

export function day(date, now = new Date()) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  // Rounded because a day is 23 or 25 hours long twice a year.
  const ago = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (ago === 0) return t("today");
  if (ago === 1) return t("yesterday");
  return (date.getFullYear() === now.getFullYear() ? dayOfYear : dayOfPast).format(date);
}

export const comma = lang === "zh" ? "、" : ", ";
/** Between two sentences. */
export const space = lang === "zh" ? "" : " ";

/** Fills the words that index.html asks for with data-t attributes. */
export function fill(root) {
  for (const el of root.querySelectorAll("[data-t]")) el.textContent = t(el.dataset.t);
  for (const el of root.querySelectorAll("[data-t-label]")) {
    el.setAttribute("aria-label", t(el.dataset.tLabel));
    if (el.matches("button")) el.title = t(el.dataset.tLabel);
  }
}
