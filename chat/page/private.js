// The inbox in place of a room: what the page says otherwise there, and to whom one writes.

import { el } from "./row.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);

/** Makes the page that of the inbox. */
export function inPrivate() {
  document.body.classList.add("private");
  document.title = t("private");
  document.querySelector("h1 bdi").textContent = t("private");
  document.querySelector(".topic").textContent = t("privateTopic");
  $("measure").prepend(el("p", "about", t("privateAbout")));
  $("empty").replaceChildren(el("p", "big", t("privateEmpty")), el("p", "", t("privateHow")));
}

/** Writes to whom the address names, `#to=bob`, now and whenever it does. */
export function writesTo(compose) {
  const look = () => {
    const name = new URLSearchParams(location.hash.slice(1)).get("to");
    if (!name) return;
    // So that the same person can be chosen again.
    history.replaceState(null, "", location.pathname);
    // On a phone the list lies over the box.
    $("rooms").hidePopover();
    compose.to(name);
  };
  addEventListener("hashchange", look);
  look();
}
