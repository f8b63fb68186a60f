// Whom one's own newest messages reached: asks the server a few times, and says so under the row.
// It says "reached" and never "seen": nobody knows what a person saw.

import { el } from "./row.js";
import { t, took } from "./words.js";

const NEWEST = 3;
/** When to ask, after the row was shown, as long as somebody is missing. */
const ASK_MS = [500, 2_000, 10_000];

const real = { later: (run, ms) => setTimeout(run, ms), drop: (timer) => clearTimeout(timer) };

/** What to ask about a message; undefined if it has no number and no name. */
export const about = ({ seq, to, mid }, room) =>
  to ? mid && { type: "why", room: "@", mid } : seq && { type: "why", room, seq };

export class Delivery {
  #room;
  #on;
  #clock;
  /** The newest own messages, the last one last. */
  #own = [];

  /** @param {{ask(frame: object, answer: (frame: object) => void): boolean, open(ask: object): void}} on */
  constructor(room, on, clock = real) {
    this.#room = room;
    this.#on = on;
    this.#clock = clock;
  }

  /** An own message that is shown. */
  shown(entry, row) {
    const ask = about(entry, this.#room);
    // Older ones are not asked about.
    if (!ask || (entry.seq && this.#own.some(({ seq }) => seq > entry.seq))) return;
    this.#own.push({ ask, row, seq: entry.seq ?? 0, times: 0, timer: 0, told: null, line: null });
    while (this.#own.length > NEWEST) this.#drop(this.#own.shift());
    this.#plan(this.#own.at(-1));
    this.#draw();
  }

  online() {
    for (const one of this.#own) {
      one.times = 0;
      if (!all(one)) this.#plan(one);
    }
  }

  offline() {
    for (const { timer } of this.#own) this.#clock.drop(timer);
  }

  /** A message that was taken back reaches nobody any more. */
  removed(seq) {
    for (const one of this.#own.filter((one) => one.seq === seq)) this.#drop(one);
    this.#own = this.#own.filter((one) => one.seq !== seq);
    this.#draw();
  }

  /** The log is another one: numbers mean other messages. */
  forget() {
    for (const one of this.#own.splice(0)) this.#drop(one);
  }

  /** Whoever asked for all of it knows it here as well. */
  told(ask, answer) {
    const one = this.#own.find(({ ask: { room, seq, mid } }) => room === ask.room && seq === ask.seq && mid === ask.mid);
    if (!one || answer.type !== "delivery" || answer.refused) return;
    one.told = answer;
    this.#draw();
  }

  #plan(one) {
    const wait = ASK_MS[one.times] - (ASK_MS[one.times - 1] ?? 0);
    this.#clock.drop(one.timer);
    one.timer = this.#clock.later(() => this.#ask(one), wait);
  }

  #ask(one) {
    one.times += 1;
    this.#on.ask(one.ask, (answer) => {
      this.told(one.ask, answer);
      const again = answer.type === "delivery" && !all(one) && one.times < ASK_MS.length;
      if (again && this.#own.includes(one)) this.#plan(one);
    });
  }

  #drop(one) {
    this.#clock.drop(one.timer);
    one.line?.remove();
  }

  #draw() {
    for (const [i, one] of this.#own.entries()) {
      if (!one.told) continue;
      if (!one.line) {
        one.line = el("button", "reached");
        one.line.type = "button";
        one.line.addEventListener("click", () => this.#on.open(one.ask));
        one.row.append(one.line);
      }
      one.line.textContent = said(one.told);
      one.line.classList.toggle("missing", !all(one));
      // Of those before the newest only what is still missing is news.
      one.line.hidden = all(one) && this.#own.slice(i + 1).some(({ told }) => told);
    }
  }
}

const all = ({ told }) => told !== null && told.reached >= told.of;

/** "reached 6 of 7", and in which time if that was everybody. */
export function said({ room, reached, of, us }) {
  // In a room the sender is one of them.
  if (of <= 1 && room !== "@") return t("alone");
  if (us === undefined || reached < of) return t("reached", reached, of);
  return t("reachedIn", reached, of, took(us));
}
