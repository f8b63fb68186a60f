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
    row.classList.add("going");
    this.#toast.say(t("deleted"), {
      ms: UNDO_MS,
      key: "undo",
      undo: () => row.classList.remove("going"),
      done: () => {
        row.classList.remove("going");
        this.#send(seq);
      },
    });
  }
}
