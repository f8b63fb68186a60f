// Draws what stands out, and says what is bad aloud, once.

import { el } from "./row.js";
import { findings } from "./xray-findings.js";
import { length, whoExactly, x } from "./xray-words.js";

export class Found {
  #list;
  #speaker;
  /** The findings that were said aloud. */
  #told = new Set();

  constructor({ found, speaker }) {
    this.#list = found;
    this.#speaker = speaker;
  }

  clear() {
    this.#told.clear();
    this.#speaker.textContent = "";
  }

  /**
   * @param {import("./xray-trace.js").Trace} trace
   * @param {{now: number, live: boolean}} how of what is not live everything counts, however old
   */
  draw(trace, { now, live }) {
    const { kept, member } = trace;
    const steps = kept.filter((step) => trace.shows(step) || (member && step.what === "stored"));
    const found = findings(steps, { now, since: live ? undefined : -Infinity });
    const words = found.map((one) => {
      const whom = one.lane ? whoExactly(one.lane) : x("finding.nobody");
      return [one, x(`finding.${one.what}`, whom, { ...one, time: one.us === undefined ? "" : length(one.us) })];
    });
    const none = [[{ level: "good" }, x(kept.length > 0 ? "well" : "quiet")]];
    const nodes = (words.length > 0 ? words : none).map(([{ level }, text]) => el("li", level, text));
    if (nodes.map((n) => n.textContent).join() !== this.#list.textContent) this.#list.replaceChildren(...nodes);
    for (const [one, text] of words) {
      const key = `${one.what} ${one.lane?.id}`;
      if (one.level !== "bad" || this.#told.has(key)) continue;
      this.#told.add(key);
      this.#speaker.textContent = text;
    }
  }
}
