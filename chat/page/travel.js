// Going back in what was said: by scrolling up, and to the address of a message.

import { Anchor } from "./anchor.js";
import { Older } from "./older.js";
import { t } from "./words.js";

export function travel({ room, wire, log, reading, toast }) {
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
  return { older, anchor };
}
