// The empty room: what to do about it.

export function share(root, t) {
  const input = root.querySelector("input");
  const button = root.querySelector("button");
  input.value = location.origin + location.pathname;
  input.setAttribute("aria-label", t("share"));
  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", async () => {
    input.select();
    try {
      // Absent on a plain-HTTP address of the local network.
      await navigator.clipboard.writeText(input.value);
    } catch {
      if (!document.execCommand("copy")) return;
    }
    button.textContent = t("copied");
    setTimeout(() => (button.textContent = t("copy")), 2000);
  });
}
