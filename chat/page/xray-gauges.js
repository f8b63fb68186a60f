// Draws the four gauges.

import { count, rate, x } from "./xray-words.js";

/**
 * @param {Record<string, HTMLElement>} parts
 * @param {import("./xray-trace.js").Trace} trace
 * @param {{now: number, saved: boolean}} how of what is saved the busiest second counts
 */
export function gauges(parts, { seen: { rooms }, room, model, rates }, { now, saved }) {
  const sessions = room ? [rooms.get(room)?.sessions] : [...rooms.values()].map(({ sessions }) => sessions);
  const known = sessions.filter((n) => n !== undefined);
  const here = known.length > 0 ? known.reduce((a, b) => a + b, 0) : model.present;
  const { received, delivered } = saved ? rates.busiest : rates.at(now);
  gauge(parts.inRoom, "inRoom", count(here));
  gauge(parts.received, saved ? "busiestReceived" : "received", rate(received) + x("perSecond"));
  gauge(parts.delivered, saved ? "busiestDelivered" : "delivered", rate(delivered) + x("perSecond"));
  const { missed } = parts;
  gauge(missed, "missed", count(rates.missed));
  missed.classList.toggle("bad", rates.missed > 0);
  missed.disabled = rates.missed === 0;
  missed.title = rates.missed > 0 ? `${rates.missed} ${x("seenIt")}` : "";
}

function gauge({ children: [figure, words] }, key, value) {
  if (figure.textContent !== value) figure.textContent = value;
  if (words.textContent !== x(key)) words.textContent = x(key);
}
