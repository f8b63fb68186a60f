// Asks for what was said before the first row: when the reader comes near it, or is to be
// brought to a message that lies before it.

const LATER_MS = 1_000;

export class Older {
  #room;
  #wire;
  #on;
  #asking = false;

  /** @param {{ready(): boolean, wanted(): boolean, hold(change: () => void): void}} on */
  constructor(room, wire, on) {
    this.#room = room;
    this.#wire = wire;
    this.#on = on;
  }

  /** Asks if it is time to. */
  look() {
    const ask = this.#room.older;
    if (!ask || this.#asking || this.#wire.phase !== "online" || !this.#on.ready() || !this.#on.wanted()) return;
    this.#asking = true;
    this.#wire.ask(ask, (answer) => {
      this.#asking = false;
      if (answer.type !== "history") {
        setTimeout(() => this.look(), answer.retry_ms ?? LATER_MS);
        return;
      }
      this.#on.hold(() => this.#room.history(answer));
      this.look();
    });
  }

  /** What was asked is not answered any more. */
  offline() {
    this.#asking = false;
  }
}
