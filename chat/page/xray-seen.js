// Who and what was seen so far: rooms, and clients as lanes. Pure.

const MOST_CLIENTS = 4_000;
const MOST_ROOMS = 1_000;
/** How far back the numbers of clients are compared to see that they began anew. */
const NUMBERS = 1_000;

/**
 * A client: a line from its coming to its going. All posts over HTTP under one name are one.
 * @typedef {object} Lane
 * @property {string} id
 * @property {number} client
 * @property {string} name empty if nobody said it
 * @property {string} wire empty if nobody said it
 * @property {Map<string, {from: number, until: number}>} rooms since when it is or was where
 */

export class Seen {
  /** How often the server began anew. */
  #run = 0;
  #ended = false;
  #numbers = new Set();
  #highest = 0;
  /** @type {Map<string, Lane>} by run and number, the oldest first */
  #clients = new Map();
  /** @type {Map<string, {sessions: number | undefined}>} */
  rooms = new Map();

  /** Everybody who has a name or was in a room, the newest last. */
  get lanes() {
    return [...new Set(this.#clients.values())].filter((lane) => lane.name !== "" || lane.rooms.size > 0);
  }

  /**
   * Tells the step who it is about, as `lane`, and whether a new server speaks, as `anew`.
   * @param {import("./xray-event.js").Step} step
   */
  add(step) {
    step.anew = this.#isAnew(step);
    if (step.anew) this.#begin();
    if (step.what === "drained") this.#ended = true;
    if (step.room !== undefined && step.room !== "@") this.#room(step);
    if (step.client === undefined) return;
    const lane = this.#lane(step);
    step.lane = lane;
    const { what, room, at, data } = step;
    if (what === "joined") {
      lane.name = String(data.name ?? lane.name);
      lane.rooms.set(room, { from: at, until: Infinity });
    } else if (what === "accepted" && data.wire === "sse" && room !== undefined) {
      lane.rooms.set(room, { from: at, until: Infinity });
    } else if (what === "left") {
      const stay = lane.rooms.get(room) ?? { from: -Infinity };
      lane.rooms.set(room, { ...stay, until: at });
    } else if (what === "closed") {
      for (const stay of lane.rooms.values()) stay.until = Math.min(stay.until, at);
    }
  }

  #isAnew({ what, client }) {
    if (what !== "accepted" || client === undefined) return false;
    return this.#ended || this.#numbers.has(client) || client < this.#highest - NUMBERS;
  }

  #begin() {
    this.#run += 1;
    this.#ended = false;
    this.#numbers.clear();
    this.#highest = 0;
    for (const room of this.rooms.values()) room.sessions = undefined;
  }

  #room({ room, data }) {
    if (!this.rooms.has(room) && this.rooms.size === MOST_ROOMS) return;
    const known = this.rooms.get(room) ?? { sessions: undefined };
    if (Number.isSafeInteger(data.sessions)) known.sessions = data.sessions;
    this.rooms.set(room, known);
  }

  #lane({ what, client, data }) {
    if (what === "accepted") {
      this.#numbers.add(client);
      this.#highest = Math.max(this.#highest, client);
      if (this.#numbers.size > 2 * NUMBERS) {
        for (const number of this.#numbers) if (number < this.#highest - NUMBERS) this.#numbers.delete(number);
      }
    }
    const key = `${this.#run}:${client}`;
    let lane = this.#clients.get(key);
    if (!lane) {
      const name = typeof data.name === "string" ? data.name : "";
      const wire = typeof data.wire === "string" ? data.wire : "";
      const id = wire === "http" ? `http:${name}` : key;
      lane = (wire === "http" && this.#clients.get(id)) || { id, client, name, wire, rooms: new Map() };
      this.#clients.set(key, lane);
      if (wire === "http") this.#clients.set(id, lane);
      this.#forget();
    }
    return lane;
  }

  #forget() {
    if (this.#clients.size <= MOST_CLIENTS) return;
    for (const [key, lane] of this.#clients) {
      if (this.#clients.size <= MOST_CLIENTS / 2) return;
      const here = [...lane.rooms.values()].some(({ until }) => until === Infinity);
      if (!here) this.#clients.delete(key);
    }
    // Who is left is here; those that came last are the ones to look at.
    for (const key of this.#clients.keys()) {
      if (this.#clients.size <= MOST_CLIENTS) return;
      this.#clients.delete(key);
    }
  }
}
