// The rows of messages, by seq: what each says now, and who quotes it.

import { changeQuote, changeRow, entryOf, messageRow, quoteRow } from "./row.js";

/** What is the same of an entry in every log that has it. */
const keyOf = ({ from, at, mid = "" }) => `${from}\n${at.getTime()}\n${mid}`;

export class Rows {
  #on;
  #rows = new Map();
  /** The rows of a log that is another one now, by what they say of themselves. */
  #former = new Map();
  /** The quotes of a message, by its seq; those of messages from before the first row wait here. */
  #quotes = new Map();

  /** @param {{names(): Map<string, string>, me(): string}} on */
  constructor(on) {
    this.#on = on;
  }

  /** A new row, and the quotes that waited for it. */
  add(entry) {
    const row = messageRow(entry, this.#on.names(), this.#on.me());
    if (entry.reply) row.querySelector(".text").before(this.quote(entry.reply));
    if (entry.change !== undefined) this.#say(row, entry.change);
    if (!entry.seq) return row;
    row.id = `m${entry.seq}`;
    this.#rows.set(entry.seq, row);
    this.#requote(entry.seq);
    return row;
  }

  /** The row of a message and what it says; undefined if it is not here. */
  get(seq) {
    const row = this.#rows.get(seq);
    return row && { row, entry: entryOf(row) };
  }

  /** What the last row says that is wanted. */
  last(wanted) {
    let last;
    // Older rows come later.
    for (const row of this.#rows.values()) {
      const entry = entryOf(row);
      if (wanted(entry) && !(last?.seq > entry.seq)) last = entry;
    }
    return last;
  }

  change(seq, body) {
    const row = this.#rows.get(seq);
    if (!row) return;
    this.#say(row, body);
    this.#requote(seq);
  }

  forget() {
    for (const row of this.#rows.values()) {
      this.#former.set(keyOf(entryOf(row)), row);
      entryOf(row).seq = null;
      row.removeAttribute("id");
    }
    this.#rows.clear();
    this.#quotes.clear();
  }

  /** Whether the row of this entry is shown from before; it has a number again. */
  known(entry) {
    const key = keyOf(entry);
    const row = this.#former.get(key);
    if (row) {
      this.#rows.set(entry.seq, row);
      row.id = `m${entry.seq}`;
      entryOf(row).seq = entry.seq;
    }
    return this.#former.delete(key);
  }

  #say(row, body) {
    entryOf(row).body = body;
    changeRow(row, body, this.#on.names(), this.#on.me());
  }

  /** A line that quotes a message, and follows what becomes of it. */
  quote(seq) {
    const quote = quoteRow(seq);
    this.#quotes.set(seq, [...(this.#quotes.get(seq) ?? []), quote]);
    this.#requote(seq);
    return quote;
  }

  #requote(seq) {
    const quotes = this.#quotes.get(seq);
    const said = quotes && this.get(seq)?.entry;
    if (said) for (const quote of quotes) changeQuote(quote, said);
  }
}
