// Who is there, from which row of the story to which. Pure.

/** Who reads events over HTTP is in no room, though much is written to it. */
export const isMember = (lane) => lane.wire !== "sse" && lane.wire !== "http";

/**
 * @typedef {object} Track
 * @property {number} first the row from which on; -1 if it was there before
 * @property {number} last `Infinity` as long as it is there
 * @property {Map<string, {first: number, last: number}>} rooms the same for each room; none if it only knocked
 * @property {Map<string, number>} marks the newest row of each kind that is about it
 */

export class Tracks {
  /** @type {Map<import("./xray-seen.js").Lane, Track>} */
  all = new Map();
  /** How many members are in each room. @type {Map<string, number>} */
  #members = new Map();
  /** The newest row after which anybody may have come unseen. */
  #lost = -1;

  /** How many members are there. */
  get present() {
    let count = 0;
    for (const [lane, { last }] of this.all) if (last === Infinity && isMember(lane)) count += 1;
    return count;
  }

  /** How many members are in a room. */
  of(room) {
    return this.#members.get(room) ?? 0;
  }

  enter(lane, room, first) {
    const track = this.all.get(lane) ?? { first, last: first, rooms: new Map(), marks: new Map() };
    this.all.set(lane, track);
    if (track.rooms.get(room)?.last === Infinity) return;
    if (track.last !== Infinity) Object.assign(track, { first, last: Infinity, read: undefined, lagging: undefined });
    track.rooms.set(room, { first, last: Infinity });
    if (isMember(lane)) this.#members.set(room, this.of(room) + 1);
  }

  /** Somebody goes from a room, or from all; whether it was there. */
  leave(lane, room, last) {
    const track = this.all.get(lane);
    if (!track || track.last !== Infinity) return false;
    let was = false;
    for (const [name, stay] of track.rooms) {
      if ((room !== undefined && name !== room) || stay.last !== Infinity) continue;
      stay.last = last;
      was = true;
      if (isMember(lane)) this.#members.set(name, this.of(name) - 1);
    }
    if ([...track.rooms.values()].every((stay) => stay.last !== Infinity)) track.last = last;
    return was;
  }

  /**
   * Who is heard of in a room without having come was here before; who has gone stays gone. Who
   * posts over HTTP, or is heard of in no room, is there for its row.
   */
  heard(lane, room, n) {
    const track = this.all.get(lane);
    if (lane.wire === "http" || room === undefined || room === "@") {
      if (!track) this.all.set(lane, { first: n, last: n, rooms: new Map(), marks: new Map() });
      else if (track.rooms.size === 0) track.last = n;
    } else {
      const gone = track?.rooms.get(room)?.last ?? -Infinity;
      if (gone === -Infinity || gone < this.#lost) this.enter(lane, room, this.#lost);
    }
    return this.all.get(lane);
  }

  /** Whether somebody was in a room in a row, and neither came nor went with it. */
  wasHere(lane, room, n) {
    const stay = this.all.get(lane)?.rooms.get(room);
    return stay !== undefined && stay.first < n && stay.last > n;
  }

  /** Who came or went before this row may not have been seen. */
  lost(n) {
    this.#lost = n;
  }

  /** Nobody is there from this row on. */
  end(n) {
    for (const track of this.all.values()) {
      if (track.last === Infinity) track.last = n;
      for (const stay of track.rooms.values()) if (stay.last === Infinity) stay.last = n;
    }
    this.#members.clear();
    this.#lost = n;
  }

  /** Lets go of who was gone before a row. */
  forget(oldest) {
    for (const [lane, track] of this.all) if (track.last < oldest) this.all.delete(lane);
  }
}
