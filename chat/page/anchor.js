// Addresses of messages, `#m418`: brings the reader to one, also to one that lies far back.

/** So many pages are asked for on the way to a message that is far back. */
const MOST_PAGES = 50;

const seqOf = (hash) => Number(/^#m(\d{1,15})$/.exec(hash)?.[1] ?? 0);

/** The address of a message. */
export const linkTo = (seq) => `${location.origin}${location.pathname}#m${seq}`;

export class Anchor {
  #room;
  #on;
  #wanted = 0;
  #pages = 0;

  /** @param {{show(seq: number): boolean, waiting(): boolean, older(): void, missing(): void}} on */
  constructor(room, on) {
    this.#room = room;
    this.#on = on;
    addEventListener("hashchange", () => this.go(seqOf(location.hash)));
    // A link to the address one is at changes nothing, and still is a wish.
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href^='#m']");
      if (!link) return;
      event.preventDefault();
      this.go(seqOf(link.getAttribute("href")));
    });
    this.#wanted = seqOf(location.hash);
  }

  go(seq) {
    this.#wanted = seq;
    this.#pages = 0;
    this.look();
  }

  /** Whether older messages are wanted for it. */
  get wanting() {
    return this.#wanted > 0 && this.#pages < MOST_PAGES && this.#wanted < (this.#room.begins ?? 0);
  }

  /** Something changed: it may be here now. */
  look() {
    if (!this.#wanted || this.#on.waiting()) return;
    if (this.#on.show(this.#wanted)) {
      this.#wanted = 0;
    } else if (this.wanting) {
      this.#on.older();
    } else if (this.#room.complete) {
      this.#wanted = 0;
      this.#on.missing();
    }
  }

  /** Another page of older messages came. */
  page() {
    if (this.#wanted) this.#pages += 1;
    this.look();
  }
}
