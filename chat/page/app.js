// Start and wiring: the parts know their own state and tell each other through here.

import * as store from "./store.js";
import { fill, t } from "./words.js";
import { Wire } from "./wire.js";
import { Login } from "./login.js";
import { Acks, pause } from "./acks.js";
import { Room } from "./room.js";
import { Outbox } from "./outbox.js";
import { Log } from "./log.js";
import { Pending } from "./pending.js";
import { People } from "./people.js";
import { Reading } from "./reading.js";
import { Status } from "./status.js";
import { Card } from "./card.js";
import { Compose } from "./compose.js";
import { face, nameOf } from "./row.js";
import { travel } from "./travel.js";
import { Typing } from "./typing.js";
import { Complete } from "./complete.js";
import { side } from "./side.js";
import { Toast } from "./toast.js";
import { actions } from "./actions.js";
import { share } from "./share.js";
import { drawer } from "./drawer.js";
import { INBOX } from "./inbox.js";
import { inPrivate, writesTo } from "./private.js";

const $ = (id) => document.getElementById(id);
const roomName = document.body.dataset.room;
fill(document);
/** Whether the page is that of the inbox, which is a room that nobody is in. */
const alone = roomName === INBOX;
if (alone) inPrivate();

/** Everybody an @ can mean, by lower-case name. */
const names = new Map();
const meet = (name) => names.set(name.toLowerCase(), name);

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const url = `${scheme}//${location.host}/rooms/${encodeURIComponent(alone ? "lobby" : roomName)}/ws`;
const wire = new Wire(url, { open: () => card.waiting || login.hello(), frame: heard, phase: changedPhase });
const card = new Card($("card"), (name) => login.as(name));
const login = new Login(wire, card, {
  rooms(name) {
    inbox.of(name);
    return { [INBOX]: {}, [roomName]: room.position };
  },
  welcome,
  refused: () => status.show(),
});
const status = new Status({ dot: $("state"), banner: $("banner"), speaker: $("speaker") }, wire, {
  asking: () => card.waiting,
});

const reading = new Reading($("scroller"), $("measure"), $("pill"), {
  read() {
    log.unreadSeen();
    here.read(room.epoch, room.head);
  },
  top: () => older.look(),
});
const shared = { names: () => names, me: () => login.me || login.wanted };
const toast = new Toast($("toast"));
const log = new Log($("log"), {
  ...shared,
  drawn: (entry, row) => entry.from === login.me && delivery.shown(entry, row),
  after: draw,
});
const pending = new Pending($("pending"), {
  ...shared,
  quote: (seq) => log.rows.quote(seq),
  online: () => wire.phase === "online",
  continues: (entry) => log.continues(entry),
});
const ask = (frame, answer) => {
  const online = wire.phase === "online";
  if (online) wire.ask(frame, answer);
  return online;
};
const { rooms, inbox } = side({ roomName, shared, ask });
const here = alone ? inbox : rooms;
let whose = "";
/** What came after this was not read when the page was last here. */
let unreadFrom = Infinity;
const room = new Room(roomName, {
  rule: (kind, words) => log.rule(kind, words),
  top: (kind, words) => log.top(kind, words),
  older: (entries) => log.older(entries),
  forget() {
    log.forget();
    delivery.forget();
  },
  known: (entry) => log.rows.known(entry),
  skipped(upTo) {
    for (const entry of outbox.skipped(upTo)) {
      if (entry.of) log.changed(entry.of, entry.body);
      else log.message({ ...entry, from: login.me, at: new Date(entry.at), rise: false });
    }
  },
  changed(of, body, frame) {
    outbox.settle(frame);
    pending.draw();
    log.changed(of, body);
    if (!body) delivery.removed(of);
  },
  message(entry) {
    meet(entry.from);
    const mine = outbox.settle(entry) || entry.from === login.me;
    if (!entry.news && !mine && entry.seq > unreadFrom) {
      unreadFrom = Infinity;
      log.unreadHere();
    }
    if (entry.news && !mine) {
      if (reading.news()) log.unreadHere();
      status.heard(`${entry.from}: ${entry.body}`);
    }
    log.message({ ...entry, rise: entry.news && !mine });
  },
});
const outbox = new Outbox(room, wire, { changed: draw, refused: () => reading.toBottom() });
pending.attach(outbox);
const { delivery, mine } = actions({
  shared,
  room,
  ask,
  toast,
  compose: () => compose,
  send: (body, how) => outbox.add(body, how),
  back: () => $("box").focus(),
  inside: () => inside,
});
const people = new People(log, $("who"), document.querySelectorAll(".count"));
const compose = new Compose($("compose"), $("size"), roomName, {
  alone,
  typed: () => typing.typed(),
  send(body, how) {
    outbox.add(body, how);
    typing.sent();
    if (how.of) return;
    log.unreadOver();
    reading.toBottom();
  },
  last: () => log.rows.last(mine),
  popup: new Complete($("box"), $("mentions"), { ...shared, people: () => new Set([...(people.members ?? []), ...names.values()]) }),
});
const { older, anchor } = travel({ room, wire, log, reading, toast, shared, ask });
const typing = new Typing($("typing"), {
  tell: () => wire.tell({ type: "typing", room: roomName }),
  count: () => people.count,
});
const acks = new Acks({
  tell: (room, seq) => wire.tell({ type: "ack", room, seq }),
  // What is not looked at can wait.
  pause: (name) => pause(name === roomName || name === INBOX ? people.count : Infinity),
});

/** What hangs below the log follows whatever changed in it. */
function draw() {
  pending.draw();
  $("empty").hidden = !log.empty || outbox.entries.size > 0;
  reading.pin();
  if (reading.current) here.read(room.epoch, room.head);
  older.look();
  anchor.look();
}

function welcome(answer, first) {
  const { me } = login;
  // Another name has another inbox.
  if (alone && whose && whose !== me) return location.reload();
  whose = me;
  compose.mostBytes = answer.limits?.body_bytes ?? Infinity;
  meet(me);
  people.iAm(me);
  $("me").replaceChildren(face(me), nameOf(me));
  inbox.welcome(answer.rooms?.[INBOX]);
  const place = answer.rooms?.[roomName];
  if (first && here.before && here.before.epoch === place?.epoch) unreadFrom = here.before.seq;
  room.welcome(answer.rooms);
  rooms.online();
  outbox.online(me);
  delivery.online();
  if (first) compose.focus();
  draw();
  document.body.classList.add("joined");
}

function heard(frame) {
  const name = frame.to ? INBOX : frame.room;
  if (name === INBOX) inbox.heard(frame);
  if (frame.type === "presence") {
    if (frame.room !== roomName) return;
    for (const name of frame.members ?? frame.joined ?? []) meet(name);
    people.frame(frame);
  } else if (name === roomName) {
    if (frame.type === "typing") frame.from === login.me || typing.heard(frame.from);
    else typing.said(frame.from);
    room.frame(frame);
  } else if (name === INBOX) {
    if (frame.to && frame.from !== login.me) status.heard(t("privateNews", frame.from, frame.body));
  } else {
    rooms.heard(frame);
  }
  if (frame.seq) acks.arrived(name, frame.seq);
}

function changedPhase() {
  if (wire.phase !== "online") {
    older.offline();
    acks.forget();
    outbox.offline();
    delivery.offline();
  }
  if (wire.phase === "waiting") {
    // Nobody to come back as: the card starts the connection again.
    if (card.waiting) return wire.stop();
    card.unreachable();
  }
  status.show();
  pending.draw();
}

$("rename").addEventListener("click", () => {
  $("people").hidePopover();
  card.ask(login.me, { needed: false });
});
addEventListener("beforeunload", (event) => {
  if (store.fragile() && outbox.entries.size > 0) event.preventDefault();
});
if (alone) writesTo(compose);
else share($("empty"));
// Who may not look inside has no button.
const inside = $("inside") ? drawer($("inside"), $("xray"), { room: roomName, me: shared.me }) : undefined;

const invited = new URLSearchParams(location.search).get("name")?.trim() ?? "";
const remembered = store.member.name();
draw();
status.show();
if (remembered && (!invited || invited === remembered)) {
  login.as(remembered);
} else {
  card.ask(invited || remembered);
}
