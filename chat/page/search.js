// Looking for words in what the room said: a box over the room, the newest find first.

import { opens } from "./keys.js";
import { button, el, messageRow } from "./row.js";
import { moment, reason, t } from "./words.js";

const PAUSE_MS = 200;

export class Search {
  #panel;
  #box;
  #list;
  #note;
  #on;
  #timer = 0;
  /** The answers to what was asked before are not wanted any more. */
  #asked = 0;

  /** @param {{ask(q: string, before: number | undefined, answer: (frame: object) => void): boolean, entry(frame: object): object, names(): Map<string, string>, me(): string, show(seq: number): void}} on */
  constructor(panel, on) {
    this.#panel = panel;
    this.#on = on;
    this.#box = panel.querySelector("input");
    this.#list = panel.querySelector("ol");
    this.#note = panel.querySelector("[role=status]");
    this.#box.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#find(), PAUSE_MS);
    });
    panel.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#find();
    });
    panel.addEventListener("toggle", (event) => {
      if (event.newState !== "open") return;
      this.#box.select();
      this.#box.focus();
    });
    opens("/", panel);
  }

  #find(before) {
    clearTimeout(this.#timer);
    const q = this.#box.value.trim();
    const asked = ++this.#asked;
    if (!before) this.#list.replaceChildren();
    this.#note.textContent = "";
    if (q === "") return;
    const sent = this.#on.ask(q, before, (answer) => asked === this.#asked && this.#answered(answer, !before));
    if (!sent) this.#note.textContent = t("offline");
  }

  #answered(answer, first) {
    if (answer.type !== "search") {
      this.#note.textContent = reason(answer.code);
      return;
    }
    for (const frame of answer.messages) this.#list.append(this.#hit(frame));
    const none = first && answer.messages.length === 0;
    this.#note.textContent = none ? t("nothingFound") : "";
    if (answer.before === undefined) return;
    const more = el("li", "more", button("more", () => {
      more.remove();
      this.#find(answer.before);
    }));
    this.#list.append(more);
  }

  #hit(frame) {
    const entry = this.#on.entry(frame);
    const row = messageRow(entry, this.#on.names(), this.#on.me());
    row.querySelector("time").textContent = moment(entry.at);
    const hit = el("li", "hit", row);
    hit.tabIndex = 0;
    const show = (event) => {
      // A link in it is a link.
      if (event.target.closest("a")) return;
      this.#panel.hidePopover();
      this.#on.show(frame.seq);
    };
    hit.addEventListener("click", show);
    hit.addEventListener("keydown", (event) => event.key === "Enter" && show(event));
    return hit;
  }
}
