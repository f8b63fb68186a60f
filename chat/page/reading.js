// What has been read: whether the reader is at the bottom, what came since, the pill, the
// unread count in the title and on the icon.

import { t } from "./words.js";

const NEAR = 100;
const FAR = 600;
/** So far from the top it is time for older messages. */
const EARLY = 1_000;

export class Reading {
  unread = 0;
  /** Set by the reader's own scrolling only: a row that grows does not scroll anybody away. */
  #stick = true;
  #top = 0;
  #scroller;
  #pill;
  #title = document.title;
  #icon = document.querySelector("link[rel=icon]");
  #on;

  /** @param {{read(): void, top(): void}} on */
  constructor(scroller, content, pill, on) {
    this.#scroller = scroller;
    this.#pill = pill;
    this.#on = on;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    pill.addEventListener("click", () => {
      this.toBottom();
      // The pill goes away with the focus on it.
      scroller.focus({ preventScroll: true });
    });
    const look = () => this.#look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    const sizes = new ResizeObserver(() => this.pin());
    sizes.observe(scroller);
    sizes.observe(content);
  }

  /** Something new by somebody else. True when it begins the unread part. */
  news() {
    if (this.unread === 0 && this.#stick && !document.hidden) return false;
    this.unread += 1;
    this.#show();
    return this.unread === 1;
  }

  pin() {
    if (this.#stick) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#top = this.#scroller.scrollTop;
    }
    this.#show();
  }

  toBottom() {
    this.#stick = true;
    this.pin();
    this.#look();
  }

  /** The reader was brought elsewhere. */
  left() {
    this.#stick = this.#rest() <= NEAR;
    this.#top = this.#scroller.scrollTop;
    this.#show();
  }

  #scrolled() {
    const top = this.#scroller.scrollTop;
    const rest = this.#rest();
    if (rest <= NEAR) this.#stick = true;
    else if (top < this.#top - 1) this.#stick = false;
    this.#top = top;
    this.#look();
    if (this.nearTop) this.#on.top();
  }

  get nearTop() {
    return this.#scroller.scrollTop < EARLY;
  }

  /** Changes what is above without moving what is read. */
  hold(change) {
    const scroller = this.#scroller;
    // The browser would hold it as well, and a second time.
    scroller.style.setProperty("overflow-anchor", "none");
    const below = scroller.scrollHeight - scroller.scrollTop;
    change();
    scroller.scrollTop = scroller.scrollHeight - below;
    this.#top = scroller.scrollTop;
    requestAnimationFrame(() => requestAnimationFrame(() => scroller.style.removeProperty("overflow-anchor")));
  }

  #rest() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight;
  }

  /** Whether somebody looks at the newest. */
  get current() {
    return this.#stick && !document.hidden && document.hasFocus();
  }

  #look() {
    if (this.current && this.unread > 0) {
      this.unread = 0;
      this.#on.read();
    }
    this.#show();
  }

  #show() {
    const n = this.unread;
    const title = n > 0 ? `(${n}) ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
    const icon = n > 0 ? this.#icon.dataset.unread : this.#icon.dataset.read;
    if (this.#icon.getAttribute("href") !== icon) this.#icon.setAttribute("href", icon);
    const far = !this.#stick && (n > 0 || this.#rest() > FAR);
    this.#pill.hidden = !far;
    this.#pill.classList.toggle("news", n > 0);
    const words = n > 0 ? t("news", n) : t("latest");
    const label = this.#pill.querySelector("span");
    if (far && label.textContent !== words) label.textContent = words;
  }
}
