// Between what comes and what is drawn: a bounded line, which knows what it left out. Pure.

/** As many steps as wait at most while the view is paused or behind. */
export const MOST_WAITING = 10_000;
const FEW = new Set(["sent", "batch", "acked"]);

export class Intake {
  #waiting = [];
  #skipped = 0;

  get waiting() {
    return this.#waiting.length;
  }

  get skipped() {
    return this.#skipped;
  }

  /** Where no room is left all deliveries are skipped, and if that is too little the oldest. */
  push(step) {
    if (this.#waiting.length >= MOST_WAITING) {
      const before = this.#waiting.length;
      this.#waiting = this.#waiting.filter(({ what }) => !FEW.has(what));
      if (this.#waiting.length > MOST_WAITING * 0.9) this.#waiting.splice(0, MOST_WAITING / 10);
      this.#skipped += before - this.#waiting.length;
    }
    this.#waiting.push(step);
  }

  /** Up to so many steps, in their order; behind what was skipped, if anything was. */
  take(most) {
    const steps = this.#waiting.splice(0, most);
    const skipped = this.#skipped;
    this.#skipped = 0;
    return { steps, skipped };
  }

  clear() {
    this.#waiting = [];
    this.#skipped = 0;
  }
}

/** Knows which lines were there before a connection broke: the server tells its newest again. */
export class Again {
  #at = -Infinity;
  /** The lines of that moment. */
  #lines = new Set();
  #until = -Infinity;
  #before = new Set();

  /** The connection is a new one. */
  begin() {
    this.#until = this.#at;
    this.#before = new Set(this.#lines);
  }

  /** Whether a step was here before. */
  has({ at, line }) {
    if (at < this.#until || (at === this.#until && this.#before.has(line))) return true;
    if (at > this.#at) {
      this.#at = at;
      this.#lines.clear();
    }
    if (at === this.#at) this.#lines.add(line);
    return false;
  }
}
