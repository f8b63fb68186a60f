// The sheet of keys, and the keys that work wherever nothing is typed.

import { el } from "./row.js";
import { t } from "./words.js";

/** Each behaviour and its keys; those of a message need the focus on it. */
const SHEET = [
  ["sheetWrite", [["keySend", "Enter"], ["keyLine", "Shift", "Enter"], ["keyLast", "↑"], ["keyNames", "@"], ["keyCancel", "Esc"]]],
  ["sheetRoom", [["search", "/"], ["goTo", "G"], ["keySheet", "?"]]],
  ["sheetMessage", [["keyWalk", "↑", "↓"], ["reply", "R"], ["edit", "E"], ["link", "L"], ["who", "I"], ["delete", "Del"], ["keyBox", "Esc"]]],
];

/** What a character opens when it is not typed into something. */
export function opens(key, panel) {
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== key || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input, textarea, dialog[open]")) return;
    event.preventDefault();
    if (panel.showModal) panel.showModal();
    else panel.showPopover();
  });
}

export function sheet(dialog) {
  const shown = (key) => el("kbd", "", key === "Enter" ? t("enter") : key);
  const line = ([words, ...keys]) => [el("dt", "", ...keys.map(shown)), el("dd", "", t(words))];
  const part = ([title, lines]) => el("section", "", el("h3", "", t(title)), el("dl", "", ...lines.flatMap(line)));
  dialog.querySelector("div").replaceChildren(...SHEET.map(part));
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  opens("?", dialog);
}
