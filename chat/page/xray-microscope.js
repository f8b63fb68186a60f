// Draws one message under the microscope.

import { el } from "./row.js";
import { scope } from "./xray-scope.js";
import { count, exact, length, who, x } from "./xray-words.js";

export class Microscope {
  #root;
  #shown = "";

  constructor(root) {
    this.#root = root;
    this.draw(undefined);
  }

  /**
   * @param {import("./xray-messages.js").Message | undefined} message
   * @param {number} [wanted] the number of the one that is looked for
   */
  draw(message, wanted = 0) {
    const as = message ? [message.room, message.seq, message.received, message.stored, message.sent.size, message.acked.size, message.missed.size, message.told?.clients, message.told?.us].join() : `-${wanted}`;
    if (as === this.#shown) return;
    this.#shown = as;
    const seen = message && scope(message);
    if (!seen) {
      this.#root.replaceChildren(el("p", "hint", wanted ? x("scopeGone", wanted) : x("scopeNone")));
      return;
    }
    const title = el("p", "of", el("strong", "", x("scopeOf", message.seq, who(message.from))));
    if (message.bytes !== undefined) title.append(` · ${x("bytes", count(message.bytes))}`);
    if (message.text) title.append(" · ", el("q", "", el("bdi", "", message.text)));
    const bars = el("ol", "bars", this.#axis(seen));
    for (const bar of seen.bars) bars.append(this.#bar(bar, seen.end));
    if (seen.rest > 0) {
      const first = [...bars.children].findIndex((node) => node.classList.contains("sent"));
      bars.insertBefore(el("li", "rest", x("rest", count(seen.rest), length(seen.restTo))), bars.children[first]);
    }
    this.#root.replaceChildren(title, bars, ...(seen.coarse ? [el("p", "hint", x("coarse"))] : []));
  }

  #axis({ ticks, end }) {
    const track = el("span", "track");
    for (const tick of ticks) {
      const node = el("span", "tick", el("span", "", tick === 0 ? "0" : length(tick)));
      node.style.setProperty("--from", String(tick / end));
      track.append(node);
    }
    const axis = el("li", "axis", el("span", "whom"), track, el("span", "figure"));
    axis.setAttribute("aria-hidden", "true");
    return axis;
  }

  #bar({ kind, lane, from, to, acked, last, cut, clients }, end) {
    const whom = kind === "stored" ? x("bar.stored") : kind === "told" ? x("bar.told", clients) : who(lane);
    const bar = el("span", "bar");
    bar.style.setProperty("--from", String(Math.min(from / end, 1)));
    bar.style.setProperty("--to", String(Math.min(to / end, 1)));
    const figure = el("span", "figure", kind === "missed" ? x("bar.missed") : exact(to));
    if (last) figure.append(" ", el("em", "", x("last")));
    const row = el("li", kind, el("span", "whom", whom), el("span", "track", bar), figure);
    if (last) row.classList.add("last");
    if (cut) {
      row.classList.add("cut");
      bar.title = x("cut");
    }
    if (acked !== undefined) {
      const tick = el("span", "acked", "✓");
      tick.title = x("acked", length(acked));
      tick.setAttribute("role", "img");
      tick.setAttribute("aria-label", tick.title);
      figure.append(" ", tick);
    }
    return row;
  }
}
