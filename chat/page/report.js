// The delivery report of one message: who has it, who has not, and why, in words.

import { said } from "./delivery.js";
import { el, face, nameOf } from "./row.js";
import { ended, moment, reason, t, took } from "./words.js";

export class Report {
  #dialog;
  #on;
  #asked = null;
  #link;

  /** @param {{ask(frame: object, answer: (frame: object) => void): boolean, me(): string, told(ask: object, answer: object): void, inside(): {address(seq: number): string, look(seq: number): void} | undefined}} on */
  constructor(dialog, on) {
    this.#dialog = dialog;
    this.#on = on;
    this.#link = dialog.querySelector("a");
    this.#link.addEventListener("click", (event) => {
      // Another tab or window is left to the browser.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      dialog.close();
      this.#on.inside().look(this.#asked.seq);
    });
    dialog.querySelector("button").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  open(ask) {
    this.#asked = ask;
    this.#say("", []);
    const inside = this.#on.inside();
    this.#link.hidden = !inside || !ask.seq;
    if (!this.#link.hidden) this.#link.href = inside.address(ask.seq);
    const sent = this.#on.ask(ask, (answer) => {
      if (this.#asked !== ask) return;
      this.#on.told(ask, answer);
      this.#answered(answer);
    });
    if (!sent) this.#say(t("offline"), []);
    this.#dialog.showModal();
    // Not to the link, which is before it.
    this.#dialog.querySelector("button").focus();
  }

  #answered(answer) {
    if (answer.type !== "delivery") return this.#say(reason(answer.code), []);
    if (answer.refused) return this.#say(`${t("failed")}: ${reason(answer.refused)}`, []);
    const { rows, more = 0, since } = answer;
    const notes = [said(answer)];
    if (since) notes.push(t("unknownBefore", moment(new Date(since))));
    const list = rows.map((row) => this.#row(row));
    if (more > 0) list.push(el("li", "many", t("others", more)));
    this.#say(notes.join(" · "), list);
  }

  #say(words, list) {
    this.#dialog.querySelector("p").textContent = words;
    this.#dialog.querySelector("ul").replaceChildren(...list);
  }

  #row(row) {
    const reader = row.name === undefined;
    const name = reader ? el("span", "name", t("reader")) : nameOf(row.name);
    if (row.name === this.#on.me()) name.append(` (${t("you")})`);
    const node = el(
      "li",
      row.state,
      reader ? el("span", "face", "·") : face(row.name),
      el("div", "", name, " ", el("small", "wire", row.wire ?? ""), el("p", "", became(row))),
    );
    return node;
  }
}

/** What became of the message for one member, in a sentence. */
export function became({ state, us, by, ms, why, late, left }) {
  const parts = [];
  const after = us === undefined ? "" : took(us);
  if (state === "behind") {
    parts.push(ms === undefined ? t("behind", by) : t("behindFor", by, took(ms * 1000)));
    if (why) parts.push(t(`behind_${why}`));
  } else if (state === "acked" || state === "sent") {
    parts.push(after ? t(`${state}In`, after) : t(state));
  } else {
    parts.push(t(state));
    if (state === "gap" && why) parts.push(t(`gap_${why}`));
  }
  if (late && state !== "later") parts.push(t("late_came"));
  if (left) parts.push(t("leftAgo", took(left.ms * 1000), ended(left.why)));
  return parts.join(t("semicolon"));
}
