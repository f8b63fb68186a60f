// Where lines come from: the server, or a file.

import { parse } from "./xray-event.js";
import { Again } from "./xray-intake.js";

/** Lines of a file that are handed over at once. */
const SOME = 2_000;
const AGAIN_MS = 3_000;

/**
 * @typedef {object} On
 * @property {(step: import("./xray-event.js").Step) => void} step
 * @property {(state: "connecting"|"live"|"again"|"saved"|"reading") => void} state
 * @property {(count: number, first: number) => void} unread lines that are no events
 * @property {() => Promise<void>} room fulfilled when there is room for more
 */

/** Follows the events of a server. @param {On} on */
export function live(url, on) {
  const again = new Again();
  let [source, timer] = [undefined, 0];
  let [at, unread, line, first] = [0, 0, 0, 0];
  let broken = false;
  const heard = ({ data }) => {
    line += 1;
    const step = parse(data, at);
    if (!step) {
      unread += 1;
      first ||= line;
      on.unread(unread, first);
      return;
    }
    at = step.at;
    if (!again.has(step)) on.step(step);
  };
  const begin = () => {
    source = new EventSource(url);
    source.addEventListener("open", () => {
      again.begin();
      // The server tells its newest steps again, but not what it had no watcher for.
      if (broken) on.step(parse('{"event":"away"}', at));
      broken = false;
      on.state("live");
    });
    source.addEventListener("message", heard);
    source.addEventListener("gap", ({ data }) => heard({ data: data.replace(/^{/, '{"event":"lost",') }));
    source.addEventListener("end", () => {
      source.close();
      on.state("saved");
    });
    source.addEventListener("error", () => {
      broken = at > 0;
      on.state("again");
      // Who was refused is not asked again by the browser itself.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(begin, AGAIN_MS);
    });
  };
  on.state("connecting");
  begin();
  return {
    close() {
      clearTimeout(timer);
      source.close();
    },
  };
}

/** Reads a file to its end. @param {Blob} file @param {On} on */
export function saved(file, on) {
  let open = true;
  const read = async () => {
    let [at, unread, first, line] = [0, 0, 0, 0];
    const take = (text) => {
      line += 1;
      if (text.trim() === "") return;
      const step = parse(text, at);
      if (step) {
        at = step.at;
        on.step(step);
      } else {
        unread += 1;
        first ||= line;
      }
    };
    on.state("reading");
    let rest = "";
    const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value = "" } = await reader.read();
      const lines = (rest + value).split("\n");
      rest = done ? "" : lines.pop();
      for (let from = 0; from < lines.length; from += SOME) {
        await on.room();
        if (!open) return void reader.cancel();
        lines.slice(from, from + SOME).forEach(take);
      }
      if (done) break;
    }
    on.unread(unread, first);
    on.state("saved");
  };
  read().catch(() => on.state("saved"));
  return { close: () => (open = false) };
}
