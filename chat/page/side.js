// What stands beside the talk: rooms, the inbox, and the sheet of keys.

import { Enter } from "./enter.js";
import { INBOX, Inbox } from "./inbox.js";
import { opens, sheet } from "./keys.js";
import { Rooms } from "./rooms.js";

const $ = (id) => document.getElementById(id);

export function side({ roomName, shared, ask }) {
  new Enter($("enter"));
  opens("g", $("enter"));
  sheet($("keys"));
  $("help").addEventListener("click", () => $("keys").showModal());
  return {
    rooms: new Rooms(roomName, $("rooms"), { ask, me: shared.me }),
    inbox: new Inbox(roomName === INBOX, $("direct"), { me: shared.me }),
  };
}
