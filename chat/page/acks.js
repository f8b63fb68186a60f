// Tells the server what has arrived, so that others learn whom they reached: at once if nothing
// was told for a while, and otherwise together.

const PAUSE_MS = 250;
const CROWD = 50;
/** In a crowd everybody's word would be a flood. */
const CROWD_PAUSE_MS = 2_000;

const real = { now: () => Date.now(), later: (run, ms) => setTimeout(run, ms), drop: (timer) => clearTimeout(timer) };

/** How long to wait between two words in a room of so many. */
export const pause = (count) => (count > CROWD ? CROWD_PAUSE_MS : PAUSE_MS);

export class Acks {
  #on;
  #clock;
  /** By room: the newest seq, when something was told, and the timer for the next time. */
  #rooms = new Map();

  /** @param {{tell(room: string, seq: number): void, pause(room: string): number}} on */
  constructor(on, clock = real) {
    this.#on = on;
    this.#clock = clock;
  }

  arrived(room, seq) {
    const state = this.#rooms.get(room) ?? { at: -Infinity, timer: 0 };
    this.#rooms.set(room, state);
    state.seq = seq;
    if (state.timer) return;
    const wait = state.at + this.#on.pause(room) - this.#clock.now();
    if (wait <= 0) this.#tell(room, state);
    else state.timer = this.#clock.later(() => this.#tell(room, state), wait);
  }

  /** Another connection says by itself where it goes on. */
  forget() {
    for (const { timer } of this.#rooms.values()) this.#clock.drop(timer);
    this.#rooms.clear();
  }

  #tell(room, state) {
    state.timer = 0;
    state.at = this.#clock.now();
    this.#on.tell(room, state.seq);
  }
}
