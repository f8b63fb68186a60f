// The parts of the X-ray, empty: what stands where.

import { el } from "./row.js";
import { x } from "./xray-words.js";

/** @returns {Record<string, HTMLElement>} the parts that something is done with */
export function frame(root, { close, whole }) {
  const parts = { root };
  const part = (name, node) => (parts[name] = node);
  const button = (name, key) => part(name, Object.assign(el("button", "small", x(key)), { type: "button" }));
  const gauge = (name, tag = "div") => part(name, el(tag, "gauge", el("strong"), el("span")));
  const chooser = (name) => {
    const label = el("label", "chooser", el("span", "", x(name)), part(name, el("select")));
    return label;
  };
  const heading = (key, ...more) => el("div", "heading", el("h2", "", x(key)), ...more);

  const pick = el("label", "small pick", x("open"), part("picker", Object.assign(el("input", "unseen"), { type: "file", accept: ".ndjson,.jsonl,.json,.log,.txt" })));
  pick.title = x("openWhy");
  const head = el(
    "div",
    "head",
    el(close ? "h2" : "h1", "title", x("title")),
    part("state", el("span", "state")),
    part("file", el("bdi", "file")),
    part("hidden", el("span", "hidden", x("hidden"))),
  );
  parts.hidden.title = x("hiddenWhy");
  parts.state.setAttribute("role", "status");
  if (close) {
    const link = el("a", "", x("whole"));
    Object.assign(link, { href: whole, target: "_blank" });
    head.append(link);
    const over = Object.assign(el("button", "small over", "×"), { type: "button", title: x("close") });
    over.setAttribute("aria-label", x("close"));
    over.addEventListener("click", close);
    head.append(over);
  }
  const choose = el("div", "choose", chooser("room"), chooser("member"), button("pause", "pause"), pick);
  const gauges = el("div", "gauges", gauge("inRoom"), gauge("received"), gauge("delivered"), gauge("missed", "button"));
  parts.missed.type = "button";
  const found = el("section", "found", heading("findings"), part("found", el("ul")));

  const legend = el("ul", "legend", ...["join", "said", "out", "cross", "slow", "left"].map((kind) => el("li", kind, x(`legend.${kind}`))));
  legend.setAttribute("aria-hidden", "true");
  const rows = part("rows", el("div", "rows"));
  rows.tabIndex = 0;
  rows.setAttribute("role", "listbox");
  rows.setAttribute("aria-label", `${x("lanes")}. ${x("lanesHow")}`);
  const heads = part("heads", el("div", "heads"));
  heads.setAttribute("aria-hidden", "true");
  const lanes = el("section", "lanes", heading("lanes", legend), el("div", "card", heads, rows, part("one", el("p", "one")), button("latest", "latest")));
  parts.one.setAttribute("aria-hidden", "true");
  parts.latest.classList.add("pill");
  parts.latest.hidden = true;

  const microscope = el("section", "microscope", heading("scope"), part("microscope", el("div", "card")));

  const filter = part("filter", Object.assign(el("input"), { type: "search", placeholder: x("filter"), spellcheck: false, autocomplete: "off" }));
  filter.setAttribute("aria-label", x("filter"));
  const tools = el("div", "tools", filter, part("tally", el("span", "tally")), button("copy", "copy"), button("save", "save"));
  const scroller = part("lines", el("div", "scroller"));
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "log");
  scroller.setAttribute("aria-live", "off");
  scroller.setAttribute("aria-label", x("lines"));
  const lines = el("section", "lines", heading("lines"), tools, part("unread", el("p", "unread")), el("div", "card", scroller, button("newest", "latest")));
  parts.newest.classList.add("pill");
  parts.newest.hidden = parts.unread.hidden = true;

  const speaker = part("speaker", el("p", "unseen"));
  speaker.setAttribute("role", "status");
  root.classList.add("xray");
  root.classList.toggle("beside", close !== undefined);
  root.replaceChildren(el("div", "inside", head, choose, gauges, found, lanes, microscope, lines), speaker, el("p", "dropping", x("drop")));
  return parts;
}
