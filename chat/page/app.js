// Start and wiring: the parts know their own state and tell each other through here.

import * as store from "./store.js";
import { fill, t } from "./words.js";
import { Wire } from "./wire.js";
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
import { Search } from "./search.js";
import { share } from "./share.js";

const TOKEN_MS = 2_000;
const LATER_MS = 1_000;

const $ = (id) => document.getElementById(id);
const roomName = document.body.dataset.room;
fill(document);

let me = "";
let wanted = "";
/** Older messages are on their way. */
let asking = false;
/** Everybody an @ can mean, by lower-case name. */
const names = new Map();
const meet = (name) => names.set(name.toLowerCase(), name);

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const url = `${scheme}//${location.host}/rooms/${encodeURIComponent(roomName)}/ws`;
const wire = new Wire(url, { open: () => card.waiting || hello(), frame: heard, phase: changedPhase });
const status = new Status({ dot: $("state"), banner: $("banner"), speaker: $("speaker") }, wire, {
  asking: () => card.waiting,
});

const reading = new Reading($("scroller"), $("measure"), $("pill"), {
  read: () => log.unreadSeen(),
  top: older,
});
const shared = { names: () => names, me: () => me || wanted };
const log = new Log($("log"), { ...shared, after: draw });
const pending = new Pending($("pending"), {
  ...shared,
  online: () => wire.phase === "online",
  continues: (from, at) => log.continues(from, at),
});
const room = new Room(roomName, {
  rule: (kind, words) => log.rule(kind, words),
  top: (kind, words) => log.top(kind, words),
  older: (entries) => log.older(entries),
  forget: () => log.forget(),
  known: (entry) => log.known(entry),
  skipped(upTo) {
    for (const entry of outbox.skipped(upTo)) {
      log.message({ ...entry, from: me, at: new Date(entry.at), rise: false });
    }
  },
  changed: (of, body) => log.changed(of, body),
  message(entry) {
    meet(entry.from);
    const mine = outbox.settle(entry) || entry.from === me;
    if (entry.news && !mine) {
      if (reading.news()) log.unreadHere();
      status.heard(entry.from, entry.body);
    }
    log.message({ ...entry, rise: entry.news && !mine });
  },
});
const outbox = new Outbox(room, wire, { changed: draw, refused: () => reading.toBottom() });
pending.attach(outbox);
new Search($("search"), {
  ...shared,
  ask(q, before, answer) {
    if (wire.phase !== "online") return false;
    wire.ask({ type: "search", room: roomName, q, before }, answer);
    return true;
  },
  // As it reads now, whatever became of it since.
  entry: (frame) => ({ ...room.entry(frame, false), change: undefined }),
  show: (seq) => log.show(seq),
});
const people = new People(log, $("who"), document.querySelectorAll(".count"));
const card = new Card($("card"), (name) => {
  wanted = name;
  // A refused name leaves the socket open for another one; a welcomed socket has its name.
  if (wire.phase === "open") hello();
  else wire.now();
});
const compose = new Compose($("compose"), $("size"), roomName, (body) => {
  outbox.add(body);
  log.unreadOver();
  reading.toBottom();
});

/** What hangs below the log follows whatever changed in it. */
function draw() {
  pending.draw();
  $("empty").hidden = !log.empty || outbox.entries.size > 0;
  reading.pin();
  older();
}

/** Asks for what was said before the first row, when the reader comes near it. */
function older() {
  const ask = room.older;
  if (!ask || asking || log.waiting || wire.phase !== "online" || !reading.nearTop) return;
  asking = true;
  wire.ask(ask, (answer) => {
    asking = false;
    if (answer.type !== "history") {
      setTimeout(older, answer.retry_ms ?? LATER_MS);
      return;
    }
    log.flush();
    reading.hold(() => room.history(answer));
    older();
  });
}

function hello() {
  const name = wanted;
  const token = store.member.token(name);
  wire.ask({ type: "hello", name, token, rooms: { [roomName]: room.position } }, (answer) => {
    if (answer.type === "welcome") welcome(name, answer);
    else refused(name, token, answer);
  });
}

function welcome(asked, answer) {
  const first = me === "" || card.open;
  me = wanted = answer.name ?? asked;
  store.member.keep(me, answer.token);
  compose.mostBytes = answer.limits?.body_bytes ?? Infinity;
  meet(me);
  people.iAm(me);
  $("me").replaceChildren(face(me), nameOf(me));
  room.welcome(answer.rooms);
  outbox.online(me);
  card.accepted();
  if (first) compose.focus();
  draw();
  document.body.classList.add("joined");
}

function refused(name, token, error) {
  if (error.retry_ms !== undefined) {
    setTimeout(() => wire.phase === "open" && hello(), error.retry_ms);
    return;
  }
  // After a restart the first of several tabs to come back gets a new token for all of them.
  if (error.code === "name_taken" && token && !card.open) {
    const again = () => {
      removeEventListener("storage", again);
      clearTimeout(timer);
      if (wire.phase !== "open") return;
      if (store.member.token(name) === token) ask(name, error);
      else hello();
    };
    const timer = setTimeout(again, store.member.token(name) === token ? TOKEN_MS : 0);
    addEventListener("storage", again);
    return;
  }
  ask(name, error);
}

function ask(name, error) {
  card.refused(name, error);
  status.show();
}

function heard(frame) {
  if (frame.type === "presence") {
    for (const name of frame.members ?? frame.joined ?? []) meet(name);
    people.frame(frame);
  } else {
    room.frame(frame);
  }
}

function changedPhase() {
  if (wire.phase !== "online") {
    asking = false;
    outbox.offline();
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
  $("people").hidePopover?.();
  card.ask(me, { needed: false });
});
addEventListener("beforeunload", (event) => {
  if (store.fragile() && outbox.entries.size > 0) event.preventDefault();
});
share($("empty"), t);

const invited = new URLSearchParams(location.search).get("name")?.trim() ?? "";
const remembered = store.member.name();
draw();
status.show();
if (remembered && (!invited || invited === remembered)) {
  wanted = remembered;
  wire.now();
} else {
  card.ask(invited || remembered);
}
