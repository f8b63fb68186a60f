// What came, and the story of what is chosen of it.

import { parse } from "./xray-event.js";
import { Intake } from "./xray-intake.js";
import { Model } from "./xray-model.js";
import { Rates } from "./xray-rates.js";
import { Seen } from "./xray-seen.js";

/** As many events as are kept for the lines and for another choice. */
const MOST_KEPT = 10_000;

export class Trace {
  #intake = new Intake();
  #n = 0;
  #newest = { at: 0, here: 0 };
  /** What was missed before this step, somebody has seen. */
  #dismissed = 0;
  seen = new Seen();
  /** @type {import("./xray-event.js").Step[]} */
  kept = [];
  model;
  rates = new Rates();
  /** Empty for all rooms. */
  room;
  /** @type {import("./xray-seen.js").Lane | undefined} */
  member;
  /** Whether it tells what people said. */
  bodies = false;

  constructor(room) {
    this.choose(room);
  }

  /** How many steps came and were not taken. */
  get waiting() {
    return this.#intake.waiting;
  }

  /** How many were left out since steps were taken last. */
  get skipped() {
    return this.#intake.skipped;
  }

  push(step) {
    this.#intake.push(step);
  }

  /** Takes up to so many of what waits, and says which, and how many of the oldest are not kept any more. */
  take(most) {
    const { steps, skipped } = this.#intake.take(most);
    if (skipped > 0) steps.unshift(parse(`{"event":"lost","lost":${skipped}}`, steps[0]?.at ?? this.#newest.at));
    if (steps.length === 0) return { steps, gone: 0 };
    for (const step of steps) {
      step.n = this.#n;
      this.#n += 1;
      this.seen.add(step);
      this.#tell(step);
      this.bodies ||= step.what === "received" && String(step.data.message).includes(": ");
    }
    this.#newest = { at: Math.max(this.#newest.at, steps.at(-1).at), here: performance.now() };
    this.kept.push(...steps);
    const gone = Math.max(this.kept.length - MOST_KEPT, 0);
    this.kept.splice(0, gone);
    return { steps, gone };
  }

  /** Tells everything that is kept again, for another choice. */
  choose(room, member) {
    [this.room, this.member] = [room, member];
    this.model = new Model(room, this.seen.lanes, this.kept[0]?.at);
    this.rates = new Rates();
    for (const step of this.kept) this.#tell(step);
  }

  /** Somebody has seen what was missed so far, in what is chosen or not. */
  dismiss() {
    this.#dismissed = this.#n;
    this.rates.missed = 0;
  }

  shows(step) {
    return this.model.concerns(step) && (!this.member || step.lane === this.member);
  }

  /** The time by the clock of the trace, in microseconds; it goes on as long as more may come. */
  now(live) {
    const { at, here } = this.#newest;
    return live && at > 0 ? at + Math.round((performance.now() - here) * 1_000) : at;
  }

  #tell(step) {
    this.model.add(step);
    if (!this.model.concerns(step)) return;
    const { missed } = this.rates;
    this.rates.add(step);
    if (step.n < this.#dismissed) this.rates.missed = missed;
  }
}
