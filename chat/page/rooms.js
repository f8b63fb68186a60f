// The rooms one is in and the others there are: a list that leads to each, and says what is
// unread in those one is in. Which those are, and what was read of each, the browser remembers.

import { el } from "./row.js";
import * as store from "./store.js";
import { t } from "./words.js";

const LOBBY = "lobby";
/** The page of the inbox is in no room. */
const INBOX = "@";
const PREFIX = "chat.room.";
/** A connection is in 16 rooms at most; the others are listed and not listened to. */
const MOST_JOINED = 12;
const MOST_LISTED = 50;
/** A flood in another room is drawn as seldom as this. */
const DRAW_MS = 200;
/** The list is asked for again when the page is looked at, and no more often than this. */
const FRESH_MS = 20_000;

/** What was read of a room: `{epoch, seq, at}`, or null if this browser was never there. */
function readOf(name) {
  try {
    return JSON.parse(store.get(PREFIX + name));
  } catch {
    return null;
  }
}

/** How much of something was not read. */
export function badge(unread, called) {
  const node = el("span", called ? "unread called" : "unread", String(unread));
  node.append(el("span", "unseen", ` ${t("unread")}`));
  return node;
}

export class Rooms {
  #current;
  #list;
  #on;
  /** By name: how many are there, whether this page listens, its head, what is unread of it. */
  #rooms = new Map();
  #askedAt = 0;
  #drawing = 0;

  /** @param {{ask(frame: object, answer: (frame: object) => void): boolean, me(): string}} on */
  constructor(current, nav, on) {
    this.#current = current;
    this.#list = nav.querySelector("ul");
    this.#on = on;
    /** What was read of this room before the page was opened. */
    this.before = readOf(current);
    addEventListener("storage", (event) => event.key?.startsWith(PREFIX) && this.#readElsewhere(event.key.slice(PREFIX.length)));
    document.addEventListener("visibilitychange", () => document.hidden || this.#refresh());
  }

  /** A new connection, which is in no other room yet. */
  online() {
    for (const room of this.#rooms.values()) room.joined = false;
    this.#askedAt = 0;
    this.#refresh();
  }

  /** Everything of this room up to here is read. */
  read(epoch, seq) {
    const known = readOf(this.#current);
    if (epoch === null || (known?.epoch === epoch && known.seq >= seq)) return;
    store.set(PREFIX + this.#current, JSON.stringify({ epoch, seq, at: Date.now() }));
  }

  /** Something was said in another room. */
  heard({ type, room: name, seq, from, body }) {
    const room = this.#rooms.get(name);
    if (!room || !seq || seq <= room.head) return;
    room.head = seq;
    if (type !== "message" || from === this.#on.me()) return;
    room.unread += 1;
    room.called ||= body.toLowerCase().includes(`@${this.#on.me().toLowerCase()}`);
    this.#drawing ||= setTimeout(() => this.#draw(), DRAW_MS);
  }

  #refresh() {
    if (Date.now() - this.#askedAt < FRESH_MS) return;
    const sent = this.#on.ask({ type: "rooms" }, (answer) => answer.type === "rooms" && this.#answered(answer.rooms));
    if (sent) this.#askedAt = Date.now();
  }

  #answered(rooms) {
    const there = new Map(rooms.map(({ room, count }) => [room, count]));
    for (const name of this.#rooms.keys()) if (!there.has(name)) this.#rooms.delete(name);
    for (const [name, count] of there) {
      const room = this.#rooms.get(name) ?? { joined: false, head: 0, unread: 0, called: false };
      this.#rooms.set(name, Object.assign(room, { count }));
    }
    const been = [...there.keys()].filter((name) => name !== this.#current && readOf(name));
    been.sort((a, b) => readOf(b).at - readOf(a).at);
    for (const name of been.slice(0, MOST_JOINED)) this.#join(name);
    this.#draw();
  }

  #join(name) {
    const room = this.#rooms.get(name);
    if (room.joined) return;
    room.joined = true;
    this.#on.ask({ type: "join", room: name }, (answer) => {
      if (answer.type !== "joined") return;
      Object.assign(room, { epoch: answer.epoch, head: answer.head });
      this.#count(name, room);
      this.#draw();
    });
  }

  /** Entries that are not messages are counted as well: what they are is not known. */
  #count(name, room) {
    const read = readOf(name);
    room.unread = read?.epoch === room.epoch ? Math.max(0, room.head - read.seq) : 0;
    room.called &&= room.unread > 0;
  }

  #readElsewhere(name) {
    const room = this.#rooms.get(name);
    if (!room?.joined) return;
    this.#count(name, room);
    this.#draw();
  }

  #leave(name) {
    store.remove(PREFIX + name);
    Object.assign(this.#rooms.get(name), { joined: false, unread: 0, called: false });
    this.#on.ask({ type: "leave", room: name }, () => {});
    this.#draw();
  }

  #draw() {
    clearTimeout(this.#drawing);
    this.#drawing = 0;
    const inRoom = this.#current !== INBOX;
    const names = new Set([inRoom ? this.#current : LOBBY, ...this.#rooms.keys()]);
    // Those one is in, the lobby before them: their order does not depend on where one is.
    const rank = (name) => (name === this.#current || this.#rooms.get(name)?.joined ? (name === LOBBY ? 0 : 1) : 2);
    const order = (a, b) => rank(a) - rank(b) || a.localeCompare(b);
    const shown = [...names].sort(order).slice(0, MOST_LISTED);
    const focused = this.#list.contains(document.activeElement) && document.activeElement.getAttribute("href");
    this.#list.hidden = inRoom && names.size < 2;
    this.#list.replaceChildren(...shown.map((name) => this.#item(name)));
    if (focused) this.#list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    const unread = [...this.#rooms.values()].some((room) => room.unread > 0);
    document.body.classList.toggle("elsewhere", unread);
  }

  #item(name) {
    const { joined, unread, called } = this.#rooms.get(name) ?? {};
    const link = el("a", joined ? "" : "other", el("span", "hash", "#"), el("bdi", "", name));
    link.href = `/rooms/${encodeURIComponent(name)}`;
    link.firstChild.setAttribute("aria-hidden", "true");
    const item = el("li", "", link);
    if (name === this.#current) {
      link.className = "";
      link.setAttribute("aria-current", "page");
    } else if (joined) {
      if (unread) link.append(badge(unread, called));
      item.append(this.#way(name));
    }
    return item;
  }

  #way(name) {
    const out = el("button", "leave", "×");
    out.type = "button";
    out.setAttribute("aria-label", t("leaveRoom", name));
    out.addEventListener("click", () => this.#leave(name));
    return out;
  }
}
