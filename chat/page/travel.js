// Going back in what was said: by scrolling up, by its words, and to the address of a message.

import { Anchor } from "./anchor.js";
import { INBOX } from "./inbox.js";
import { Older } from "./older.js";
import { Search } from "./search.js";
import { t } from "./words.js";

export function travel({ room, wire, log, reading, toast, shared, ask }) {
  const older = new Older(room, wire, {
    ready: () => !log.waiting,
    wanted: () => reading.nearTop || anchor.wanting,
    hold(change) {
      log.flush();
      reading.hold(change);
      anchor.page();
    },
  });
  const anchor = new Anchor(room, {
    show(seq) {
      const here = log.show(seq);
      if (here) reading.left();
      return here;
    },
    waiting: () => log.waiting,
    older: () => older.look(),
    missing: () => toast.say(t("missing")),
  });
  // What was said in private is in no index.
  if (room.name !== INBOX) {
    new Search(document.getElementById("search"), {
      ...shared,
      ask: (q, before, answer) => ask({ type: "search", room: room.name, q, before }, answer),
      // As it reads now, whatever became of it since.
      entry: (frame) => ({ ...room.entry(frame, false), change: undefined }),
      show: (seq) => anchor.go(seq),
    });
  }
  return { older, anchor };
}
