// The X-ray of this room, beside it.

import { t } from "./words.js";

const STYLE = new URL("./xray.css", import.meta.url);

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} panel
 * @param {{room: string, me(): string}} of
 * @returns {{address(seq: number): string, look(seq: number): void}} for one message: where the
 *   X-ray alone shows it, and what shows it here
 */
export function drawer(button, panel, { room, me }) {
  let xray;
  let loading = false;
  const open = async (seq) => {
    loading = true;
    const [{ Xray }] = await Promise.all([import("./xray-view.js"), styled()]);
    loading = false;
    panel.hidden = false;
    xray = new Xray(panel, { url: "/xray/events", room, me: me(), seq, close });
    told();
    panel.focus();
  };
  const close = () => {
    xray.close();
    xray = undefined;
    panel.hidden = true;
    panel.replaceChildren();
    told();
    button.focus();
  };
  const told = () => button.setAttribute("aria-expanded", String(xray !== undefined));
  button.addEventListener("click", () => (xray ? close() : loading || open()));
  const look = (seq) => {
    if (!xray) return loading || open(seq);
    xray.look(room, seq);
    panel.focus();
  };
  panel.addEventListener("keydown", (event) => {
    // Within the rows it lets go of what is chosen there first.
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
  panel.setAttribute("aria-label", t("xray"));
  told();
  return { address: (seq) => `/xray?${new URLSearchParams({ room, me: me(), seq })}`, look };
}

let style;

/** Fulfilled when the X-ray has its look. */
function styled() {
  style ??= new Promise((done) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = STYLE;
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
  return style;
}
