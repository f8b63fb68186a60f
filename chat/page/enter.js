// Going to another room, which is made if there is none of that name.

import { reason } from "./words.js";

const NAME = /^[\p{L}\p{M}\p{N}_-][\p{L}\p{M}\p{N}._-]{0,63}$/u;

export class Enter {
  constructor(form) {
    const input = form.querySelector("input");
    const note = form.querySelector("[role=alert]");
    form.addEventListener("toggle", (event) => {
      if (event.newState !== "open") return;
      note.textContent = input.value = "";
      input.focus();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = input.value.trim().replace(/^#/, "").normalize("NFKC").replace(/\s+/g, "-").toLowerCase();
      if (!name) return input.focus();
      if (NAME.test(name)) location.assign(`/rooms/${encodeURIComponent(name)}`);
      else note.textContent = reason("bad_room");
    });
  }
}
