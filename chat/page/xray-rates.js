// What the four gauges show. Pure: time is that of the trace.

const BUCKET_US = 100_000;
const WINDOW_US = 3_000_000;
const SECOND_US = 1_000_000;

export class Rates {
  /** @type {{at: number, received: number, sent: number, told: number}[]} */
  #buckets = [];
  /** The second that is being counted, for the busiest one. */
  #second = { at: -Infinity, received: 0, sent: 0, told: 0 };
  busiest = { received: 0, delivered: 0 };
  missed = 0;

  /** @param {import("./xray-event.js").Step} step */
  add({ what, at, data }) {
    if (what === "received") this.#count(at, "received", 1);
    else if (what === "sent") this.#count(at, "sent", 1);
    // The same deliveries may be told twice: one by one, and together.
    else if (what === "batch") this.#count(at, "told", number(data.entries));
    else if (what === "pumped") this.#count(at, "told", number(data.clients) * number(data.entries));
    else if (what === "gap") this.missed += Math.max(number(data.next) - number(data.after) - 1, 1);
    else if (what === "reset") this.missed += 1;
  }

  /** Per second, of the last three seconds before a time. */
  at(now) {
    while (this.#buckets.length > 0 && this.#buckets[0].at <= now - WINDOW_US) this.#buckets.shift();
    const sum = { received: 0, sent: 0, told: 0 };
    for (const bucket of this.#buckets) {
      if (bucket.at <= now) for (const key of Object.keys(sum)) sum[key] += bucket[key];
    }
    const seconds = WINDOW_US / SECOND_US;
    return { received: sum.received / seconds, delivered: Math.max(sum.sent, sum.told) / seconds };
  }

  #count(at, key, n) {
    const start = Math.floor(at / BUCKET_US) * BUCKET_US;
    let bucket = this.#buckets.at(-1);
    if (!bucket || bucket.at < start) {
      bucket = { at: start, received: 0, sent: 0, told: 0 };
      this.#buckets.push(bucket);
      if (this.#buckets[0].at <= start - WINDOW_US) this.#buckets.shift();
    }
    bucket[key] += n;
    const second = Math.floor(at / SECOND_US);
    if (second > this.#second.at) this.#second = { at: second, received: 0, sent: 0, told: 0 };
    this.#second[key] += n;
    const { received, sent, told } = this.#second;
    this.busiest.received = Math.max(this.busiest.received, received);
    this.busiest.delivered = Math.max(this.busiest.delivered, sent, told);
  }
}

const number = (value) => (Number.isFinite(value) ? value : 0);
