// Who is there, from which row of the story to which. Pure.

/**
 * @typedef {object} Track
 * @property {number} first the row from which on; -1 if it was there before
 * @property {number} last `Infinity` as long as it is there
 * @property {Map<string, number>} marks the newest row of each kind that is about it
 */

export class Tracks {
  /** @type {Map<import("./xray-seen.js").Lane, Track>} */
  all = new Map();
  #present = new Set();

  /** How many are there. */
  get present() {
    return this.#present.size;
  }

  has(lane) {
    return this.#present.has(lane);
  }

  enter(lane, first) {
    this.all.set(lane, { first, last: Infinity, marks: this.all.get(lane)?.marks ?? new Map() });
    this.#present.add(lane);
  }

  leave(lane, last) {
    this.all.get(lane).last = last;
    this.#present.delete(lane);
  }

  /** Who is heard of without having come was here before. A post over HTTP is there for its row. */
  heard(lane, n) {
    const track = this.all.get(lane);
    if (lane.wire === "http") {
      if (track) track.last = n;
      else this.all.set(lane, { first: n, last: n, marks: new Map() });
    } else if (!track || track.last !== Infinity) this.enter(lane, track ? n : -1);
    return this.all.get(lane);
  }

  /** Whether somebody was there in a row, and neither came nor went with it. */
  wasHere(lane, n) {
    const track = this.all.get(lane);
    return track !== undefined && lane.wire !== "http" && track.first < n && track.last > n;
  }

  /** Nobody is there from this row on. */
  end(n) {
    for (const track of this.all.values()) if (track.last === Infinity) track.last = n;
    this.#present.clear();
  }

  /** Lets go of who was gone before a row. */
  forget(oldest) {
    for (const [lane, track] of this.all) if (track.last < oldest) this.all.delete(lane);
  }
}
