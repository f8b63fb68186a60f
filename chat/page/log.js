// The rows of the room, in order, in chunks of 100. Rows are queued and drawn once per frame:
// measuring or painting per message would make a long replay quadratic.

import { el, ruleRow } from "./row.js";
import { Rows } from "./rows.js";
import { t, day } from "./words.js";

const CHUNK = 100;
const GROUP_MS = 5 * 60_000;
// A frame may never come (hidden tab) or come late (busy machine).
const LATEST_MS = 150;

/** Who says it, and to whom: what follows goes under the same name. */
const voice = ({ from, to = [] }) => [from, ...to].join("\n");

export class Log {
  #root;
  #on;
  #queue = [];
  #planned = 0;
  #chunk = null;
  #filled = 0;
  #last = null;
  #between = [];
  #unread = null;

  /** @param {{names(): Map<string, string>, me(): string, drawn(entry: object, row: Element): void, after(): void}} on */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
    this.rows = new Rows(on);
  }

  /** The newest thing queued or drawn. */
  tail = null;

  message(entry) {
    this.#add({ entry });
  }

  /** Messages from before the first row, oldest first. */
  older(entries) {
    const end = { last: this.#last, between: this.#between, filled: this.#filled };
    [this.#last, this.#between] = [null, []];
    const first = this.#root.firstElementChild;
    for (const chunk of this.#root.querySelectorAll(".older:not(.far)")) chunk.classList.add("far");
    for (let i = 0; i < entries.length; i += CHUNK) {
      const chunk = el("div", "chunk older");
      for (const entry of entries.slice(i, i + CHUNK)) this.#message(entry, chunk);
      this.#root.insertBefore(chunk, first);
    }
    const day = first?.firstElementChild;
    if (day?.classList.contains("day") && entries.at(-1).at.toDateString() === day.dataset.day) day.remove();
    [this.#last, this.#between, this.#filled] = [end.last, end.between, end.filled];
  }

  /** A rule above everything. */
  top(kind, words) {
    this.#root.prepend(ruleRow(kind, words));
  }

  /** Other words for a message that is shown; none if it was deleted. */
  changed(seq, body) {
    this.flush();
    this.rows.change(seq, body);
  }

  /** The log is another one: what is shown has no numbers any more. */
  forget() {
    this.flush();
    this.rows.forget();
  }

  /** Brings a message into view and marks it; false if it is not here. */
  show(seq) {
    this.flush();
    const row = this.rows.get(seq)?.row;
    if (!row) return false;
    row.scrollIntoView({ block: "center" });
    this.#root.querySelector(".found")?.classList.remove("found");
    requestAnimationFrame(() => row.classList.add("found"));
    return true;
  }

  rule(kind, words) {
    this.#add({ node: ruleRow(kind, words) });
  }

  /** A node that its owner keeps up to date, such as a join and leave line. */
  node(node) {
    this.#add({ node });
  }

  /** Marks where the unread messages begin; there is one such mark. */
  unreadHere() {
    this.#add({ unread: true });
  }

  unreadSeen() {
    this.#unread?.classList.add("seen");
  }

  /** Only together with something that moves the rows anyway. */
  unreadOver() {
    this.#unread?.remove();
    this.#unread = null;
  }

  /** Rows wait to be drawn: what is near the top is not known before. */
  get waiting() {
    return this.#queue.length > 0;
  }

  get empty() {
    return this.#last === null && this.#queue.length === 0;
  }

  /** Whether the row of an entry would go under the same name. */
  continues(entry) {
    const last = this.#last;
    const { at } = entry;
    return (
      last !== null &&
      last.voice === voice(entry) &&
      at - last.groupAt < GROUP_MS &&
      at.toDateString() === last.at.toDateString() &&
      this.#between.every((node) => node.hidden)
    );
  }

  #add(item) {
    this.#queue.push(item);
    this.tail = item.node ?? item;
    this.#plan();
  }

  #plan() {
    if (this.#planned) return;
    const go = () => this.flush();
    this.#planned = setTimeout(go, LATEST_MS);
    requestAnimationFrame(go);
  }

  flush() {
    clearTimeout(this.#planned);
    this.#planned = 0;
    if (this.#queue.length === 0) return;
    let batch = document.createDocumentFragment();
    for (const item of this.#queue.splice(0)) {
      if (this.#chunk === null || this.#filled >= CHUNK) {
        this.#chunk?.append(batch);
        batch = document.createDocumentFragment();
        this.#newChunk();
      }
      this.#draw(item, batch);
    }
    this.#chunk.append(batch);
    this.#on.after();
  }

  #newChunk() {
    // Skipping layout pays only for what is far away; the two newest chunks stay live.
    this.#chunk?.previousElementSibling?.classList.add("far");
    this.#chunk = document.createElement("div");
    this.#chunk.className = "chunk";
    this.#root.append(this.#chunk);
    this.#filled = 0;
  }

  #draw(item, into) {
    if (item.unread) {
      this.unreadOver();
      this.#unread = ruleRow("unread", t("unread"));
      this.#put(this.#unread, into);
      this.#between.push(this.#unread);
    } else if (item.node) {
      this.#put(item.node, into);
      this.#between.push(item.node);
    } else {
      this.#message(item.entry, into);
    }
  }

  #message(entry, into) {
    const date = entry.at.toDateString();
    if (this.#last?.at.toDateString() !== date) {
      const rule = ruleRow("day", day(entry.at));
      rule.dataset.day = date;
      this.#put(rule, into);
      this.#between.push(rule);
    }
    // An answer stands alone, with what it answers.
    const goesOn = !entry.reply && this.continues(entry);
    const row = this.rows.add(entry);
    row.classList.toggle("cont", goesOn);
    row.classList.toggle("rise", entry.rise);
    this.#put(row, into);
    this.#last = { voice: voice(entry), at: entry.at, groupAt: goesOn ? this.#last.groupAt : entry.at };
    this.#between = [];
    this.#on.drawn(entry, row);
  }

  #put(node, into) {
    into.append(node);
    this.#filled += 1;
  }
}
