// What the page says about its connection, and what it says aloud.

import { t } from "./words.js";

const QUIET_MS = 5_000;
const SPOKEN = 3;
const SPEAK_MS = 1_000;

export class Status {
  #wire;
  #dot;
  #banner;
  #speaker;
  /** When the connection was last good; null while it is. */
  #since = null;
  #said = false;
  #timer = 0;
  #lines = [];
  #speaking = 0;
  #on;

  /** @param {{asking(): boolean}} on */
  constructor({ dot, banner, speaker }, wire, on) {
    this.#on = on;
    this.#dot = dot;
    this.#banner = banner;
    this.#speaker = speaker;
    this.#wire = wire;
    banner.querySelector("button").addEventListener("click", () => wire.now());
  }

  show() {
    clearTimeout(this.#timer);
    const { phase } = this.#wire;
    // While the card asks for a name nothing is missing.
    if (phase === "idle" || phase === "online" || this.#on.asking()) {
      this.#since = null;
      this.#banner.hidden = true;
      this.#mark(phase === "online" ? "online" : "");
      if (this.#said) this.#say(t("back"));
      this.#said = false;
      return;
    }
    this.#since ??= Date.now();
    const silent = Date.now() - this.#since;
    const long = silent >= QUIET_MS || phase === "closed";
    this.#mark(long ? "offline" : "connecting");
    this.#banner.hidden = !long;
    if (long) {
      const words = this.#words(phase);
      const text = this.#banner.querySelector("span");
      if (text.textContent !== words) text.textContent = words;
      if (!this.#said) this.#say(t("lost"));
      this.#said = true;
    }
    this.#timer = setTimeout(() => this.show(), long ? 250 : QUIET_MS - silent);
  }

  #words(phase) {
    if (phase === "closed") return t("closed");
    const left = Math.ceil((this.#wire.due - Date.now()) / 1000);
    if (phase !== "waiting" || left <= 0) return t("retrying");
    return t(this.#wire.draining ? "restarting" : "retryIn", left);
  }

  #mark(state) {
    if (this.#dot.dataset.state === state) return;
    this.#dot.dataset.state = document.body.dataset.state = state;
    this.#dot.textContent = state && t(state);
  }

  /** A new line by somebody else, for those who listen. Many at once are counted instead. */
  heard(words) {
    this.#lines.push(words);
    this.#speaking ||= setTimeout(() => {
      this.#speaking = 0;
      const lines = this.#lines.splice(0);
      this.#say(lines.length > SPOKEN ? t("news", lines.length) : lines.join("\n"));
    }, SPEAK_MS);
  }

  #say(words) {
    this.#speaker.textContent = words;
  }
}
