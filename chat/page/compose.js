// The box one types into: Enter, input methods, drafts, size.

import { Mode } from "./mode.js";
import * as store from "./store.js";
import { t } from "./words.js";

const bytes = new TextEncoder();
const touch = matchMedia("(pointer: coarse)");

export class Compose {
  #form;
  #box;
  #note;
  #room;
  #draft;
  #on;
  mostBytes = Infinity;
  /** What is being written. */
  mode;

  /** @param {{alone: boolean, send(body: string, how: object): void, last(): object | undefined, typed(): void, popup: {key(event: Event): boolean, look(): void}}} on */
  constructor(form, note, room, on) {
    this.#form = form;
    this.#box = form.querySelector("textarea");
    this.#note = note;
    this.#draft = `chat.draft.${room}`;
    this.#on = on;
    this.mode = new Mode(form.querySelector("#mode"), { ended: (how) => this.#ended(how) });
    this.#room = room;
    this.#invite();
    this.#box.value = store.get(this.#draft) ?? "";
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("input", () => {
      this.#changed();
      // Others are told of what is for all of them.
      if (this.#box.value && !this.mode.how?.to && !this.mode.editing) this.#on.typed();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    // The button must not take the focus, or a phone closes its keyboard at every message.
    form.querySelector("[type=submit]").addEventListener("pointerdown", (event) => event.preventDefault());
    this.#changed();
  }

  focus() {
    if (!touch.matches) this.#box.focus();
  }

  /** An answer to a message. */
  reply(entry) {
    this.mode.reply(entry);
    this.#box.focus();
  }

  /** Other words for one's own message; those that were being written come back afterwards. */
  edit(entry) {
    this.mode.edit(entry);
    this.#put(entry.body);
  }

  /** Something for one person alone. */
  to(name) {
    this.mode.to(name);
    this.#invite();
    this.#changed();
    this.#box.focus();
  }

  /** Says whom it would be for. */
  #invite() {
    const to = this.mode.how?.to;
    const words = to ? t("messageTo", to[0]) : this.#on.alone ? t("privateBox") : t("message", this.#room);
    this.#box.placeholder = words;
    this.#box.setAttribute("aria-label", words);
  }

  #ended({ of }) {
    this.#invite();
    if (of) this.#put(store.get(this.#draft) ?? "");
    this.#box.focus();
  }

  #put(body) {
    this.#box.value = body;
    this.#changed();
    this.#box.focus();
    this.#box.setSelectionRange(body.length, body.length);
  }

  #key(event) {
    // 229: Safari ends the composition before it tells of the Enter that ended it.
    if (event.isComposing || event.keyCode === 229 || this.#on.popup.key(event)) return;
    if (event.key === "Escape" && this.mode.how) {
      event.preventDefault();
      this.mode.end();
    } else if (event.key === "ArrowUp" && this.#box.value === "" && !this.mode.how) {
      const last = this.#on.last();
      if (!last) return;
      event.preventDefault();
      this.edit(last);
    } else if (event.key === "Enter" && !event.shiftKey && !touch.matches) {
      event.preventDefault();
      this.#submit();
    }
  }

  #submit() {
    const body = this.#box.value.replace(/^\s*\n/, "").trimEnd();
    if (body === "" || this.#over(body)) return;
    const { how } = this.mode;
    if (this.#on.alone && !how?.to) {
      this.#note.textContent = t("toWhom");
      return;
    }
    if (!this.mode.editing) {
      this.#box.value = "";
      this.#changed();
    }
    // Who writes to one person goes on doing so.
    if (!how?.to) this.mode.end();
    this.#on.send(body, how ?? {});
  }

  #over(body) {
    // At most three bytes per UTF-16 unit: short texts need not be measured.
    return body.length * 3 > this.mostBytes && bytes.encode(body).length > this.mostBytes;
  }

  #changed() {
    const body = this.#box.value;
    if (this.mode.editing) {
      // What was being written is kept, the other words are not.
    } else if (body === "") store.remove(this.#draft);
    else store.set(this.#draft, body);
    this.#on.popup.look();
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
