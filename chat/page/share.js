// The empty room: what to do about it.

import { copy } from "./copy.js";
import { t } from "./words.js";

export function share(root) {
  const input = root.querySelector("input");
  const button = root.querySelector("button");
  input.value = location.origin + location.pathname;
  input.setAttribute("aria-label", t("share"));
  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", () =>
    copy(input.value, (done) => {
      if (!done) return input.select();
      button.textContent = t("copied");
      setTimeout(() => (button.textContent = t("copy")), 2000);
    }),
  );
}
