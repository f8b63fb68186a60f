// Copying a text, also where the browser has no clipboard for pages.

/** @param {(done: boolean) => void} told */
export async function copy(text, told) {
  try {
    // Absent on a plain-HTTP address of the local network.
    await navigator.clipboard.writeText(text);
    told(true);
    return;
  } catch {
    // The old way asks nobody.
  }
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "unseen";
  box.readOnly = true;
  const focused = document.activeElement;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  focused?.focus({ preventScroll: true });
  told(done);
}
