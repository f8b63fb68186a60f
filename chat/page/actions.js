// What can be done with a message that is shown, and by whom: wiring of the parts that do it.

import { linkTo } from "./anchor.js";
import { copy } from "./copy.js";
import { Delivery, about } from "./delivery.js";
import { Removal } from "./removal.js";
import { Report } from "./report.js";
import { Tools } from "./tools.js";
import { t } from "./words.js";

const $ = (id) => document.getElementById(id);

export function actions({ shared, room, ask, toast, compose, send, back, inside }) {
  const own = ({ from }) => from === shared.me();
  /** Whether it can be changed: one's own, still there, and in the room. */
  const mine = (entry) => own(entry) && !entry.to && Boolean(entry.seq && entry.body);
  const delivery = new Delivery(room.name, { ask, open: (about) => report.open(about) });
  const report = new Report($("report"), {
    ask,
    me: shared.me,
    told: (about, answer) => delivery.told(about, answer),
    inside,
  });
  const removal = new Removal(toast, (of) => send("", { of, gone: true }));

  const can = {
    reply: (entry) => entry.seq,
    link: (entry) => entry.seq && !entry.to,
    why: (entry) => own(entry) && about(entry, room.name),
    edit: mine,
    remove: mine,
  };
  const act = {
    reply(entry) {
      // What was said in private is answered in private.
      if (entry.to) compose().to(own(entry) ? entry.to[0] : entry.from);
      else compose().reply(entry);
    },
    link: (entry) => copy(linkTo(entry.seq), (done) => toast.say(t(done ? "linkCopied" : "copyFailed"))),
    why: (entry) => report.open(about(entry, room.name)),
    edit: (entry) => compose().edit(entry),
    remove: (entry, row) => removal.remove(entry, row),
  };
  new Tools($("scroller"), $("tools"), {
    can: (what, entry) => can[what](entry),
    act: (what, entry, row) => act[what](entry, row),
    back,
  });
  return { delivery, mine };
}
