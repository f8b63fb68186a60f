// The rows of the room, in order, in chunks of 100. Rows are queued and drawn once per frame:
// measuring or painting per message would make a long replay quadratic.

import { changeRow, messageRow, ruleRow } from "./row.js";
import { t, day } from "./words.js";

const CHUNK = 100;
const GROUP_MS = 5 * 60_000;
// A frame may never come (hidden tab) or come late (busy machine).
const LATEST_MS = 150;

export class Log {
  #root;
  #on;
  #queue = [];
  #planned = 0;
  #chunk = null;
  #rows = 0;
  #last = null;
  #between = [];
  #unread = null;

  /** @param {{names(): Map<string, string>, me(): string, after(): void}} on */
  constructor(root, on) {
    this.#root = root;
    this.#on = on;
  }

  /** The newest thing queued or drawn. */
  tail = null;

  message(entry) {
    this.#add({ entry });
  }

  /** Other words for a message that is shown; none if it was deleted. */
  changed(seq, body) {
    this.flush();
    const row = this.#root.querySelector(`[data-seq="${Number(seq)}"]`);
    if (row) changeRow(row, body, this.#on.names(), this.#on.me());
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

  get empty() {
    return this.#last === null && this.#queue.length === 0;
  }

  /** Whether a row by this author at this time would go under the same name. */
  continues(from, at) {
    const last = this.#last;
    return (
      last !== null &&
      last.from === from &&
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
      if (this.#chunk === null || this.#rows >= CHUNK) {
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
    this.#rows = 0;
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
      this.#put(rule, into);
      this.#between.push(rule);
    }
    // What was said in private stands alone, so that nobody takes it for part of the talk.
    const goesOn = !entry.to && this.continues(entry.from, entry.at);
    const row = messageRow(entry, this.#on.names(), this.#on.me());
    if (entry.seq) row.dataset.seq = String(entry.seq);
    row.classList.toggle("cont", goesOn);
    row.classList.toggle("rise", entry.rise);
    this.#put(row, into);
    const from = entry.to ? null : entry.from;
    this.#last = { from, at: entry.at, groupAt: goesOn ? this.#last.groupAt : entry.at };
    this.#between = [];
  }

  #put(node, into) {
    into.append(node);
    this.#rows += 1;
  }
}
