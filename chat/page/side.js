// What stands beside the talk: rooms, what was said in private, and the sheet of keys.

import { Enter } from "./enter.js";
import { Inbox } from "./inbox.js";
import { opens, sheet } from "./keys.js";
import { Rooms } from "./rooms.js";

const $ = (id) => document.getElementById(id);

/** @param {(name: string) => void} write what is done to write to somebody alone */
export function side({ roomName, shared, ask, write }) {
  const writeTo = (name) => {
    // On a phone the list lies over the box.
    for (const id of ["people", "rooms"]) $(id).hidePopover();
    write(name);
  };
  new Enter($("enter"));
  opens("g", $("enter"));
  sheet($("keys"));
  $("help").addEventListener("click", () => $("keys").showModal());
  return {
    rooms: new Rooms(roomName, $("rooms"), { ask, me: shared.me }),
    inbox: new Inbox($("direct"), { me: shared.me, to: writeTo }),
    writeTo,
  };
}
