// Files: one that is chosen or dropped to be looked at, and the lines that are taken along.

import { copy } from "./copy.js";
import { el } from "./row.js";
import { x } from "./xray-words.js";

/** @param {(file: File) => void} take */
export function picks(root, picker, take) {
  picker.addEventListener("change", () => {
    const [file] = picker.files;
    if (file) take(file);
    picker.value = "";
  });
  root.addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("over");
  });
  root.addEventListener("dragleave", (event) => root.contains(event.relatedTarget) || root.classList.remove("over"));
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

/** @param {() => string} text what is taken along */
export function gives({ copy: button, save }, text) {
  button.addEventListener("click", () => {
    copy(text(), (done) => {
      if (!done) return;
      button.textContent = x("copied");
      setTimeout(() => (button.textContent = x("copy")), 2_000);
    });
  });
  save.addEventListener("click", () => {
    const link = el("a");
    link.href = URL.createObjectURL(new Blob([text()], { type: "application/x-ndjson" }));
    link.download = "trace.ndjson";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}
