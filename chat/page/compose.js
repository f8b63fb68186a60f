// The box one types into: Enter, input methods, drafts, size.

import * as store from "./store.js";
import { t } from "./words.js";

const bytes = new TextEncoder();
const touch = matchMedia("(pointer: coarse)");

export class Compose {
  #form;
  #box;
  #note;
  #draft;
  #send;
  mostBytes = Infinity;

  /** @param {(body: string) => void} send */
  constructor(form, note, room, send) {
    this.#form = form;
    this.#box = form.querySelector("textarea");
    this.#note = note;
    this.#draft = `chat.draft.${room}`;
    this.#send = send;
    this.#box.placeholder = t("message", room);
    this.#box.setAttribute("aria-label", t("message", room));
    this.#box.value = store.get(this.#draft) ?? "";
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("input", () => this.#changed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    // The button must not take the focus, or a phone closes its keyboard at every message.
    form.querySelector("button").addEventListener("pointerdown", (event) => event.preventDefault());
    this.#changed();
  }

  focus() {
    if (!touch.matches) this.#box.focus();
  }

  #key(event) {
    // 229: Safari ends the composition before it tells of the Enter that ended it.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || touch.matches) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const body = this.#box.value.replace(/^\s*\n/, "").trimEnd();
    if (body === "" || this.#over(body)) return;
    this.#box.value = "";
    this.#changed();
    this.#send(body);
  }

  #over(body) {
    // At most three bytes per UTF-16 unit: short texts need not be measured.
    return body.length * 3 > this.mostBytes && bytes.encode(body).length > this.mostBytes;
  }

  #changed() {
    const body = this.#box.value;
    if (body === "") store.remove(this.#draft);
    else store.set(this.#draft, body);
    this.#form.classList.toggle("empty", body.trim() === "");
    const over = this.#over(body.trimEnd());
    this.#form.classList.toggle("over", over);
    this.#note.textContent = over
      ? t("tooLong", bytes.encode(body.trimEnd()).length.toLocaleString(), this.mostBytes.toLocaleString())
      : "";
    if (!CSS.supports("field-sizing", "content")) {
      this.#box.style.height = "auto";
      this.#box.style.height = `${this.#box.scrollHeight}px`;
    }
  }
}
