// Taking back what was said: for some seconds only here, so that it can be undone.

import { t } from "./words.js";

const UNDO_MS = 6_000;

export class Removal {
  #toast;
  #send;

  /** @param {(seq: number) => void} send */
  constructor(toast, send) {
    this.#toast = toast;
    this.#send = send;
    // Who closes the page meant it; what is in the outbox is sent next time.
    addEventListener("pagehide", () => toast.end());
  }

  remove({ seq }, row) {
    const here = row.contains(document.activeElement);
    row.classList.add("going");
    this.#toast.say(t("deleted"), {
      ms: UNDO_MS,
      key: "undo",
      undo: () => this.#back(row),
      done: () => {
        this.#back(row);
        this.#send(seq);
      },
    });
    if (here) this.#toast.focus();
  }

  #back(row) {
    row.classList.remove("going");
    // The focus went away with the button.
    if (document.activeElement === document.body) row.focus({ preventScroll: true });
  }
}
