// The X-ray: what comes, what is chosen, and what of it is drawn. The same in its own page and in
// the drawer beside a room.

import { choosers } from "./xray-choosers.js";
import { involves } from "./xray-columns.js";
import { gives, picks } from "./xray-files.js";
import { Found } from "./xray-found.js";
import { frame } from "./xray-frame.js";
import { gauges } from "./xray-gauges.js";
import { Lanes } from "./xray-lanes.js";
import { Lines } from "./xray-lines.js";
import { Microscope } from "./xray-microscope.js";
import { live, saved } from "./xray-source.js";
import { Trace } from "./xray-trace.js";
import { x } from "./xray-words.js";

/** As many as are taken in for one frame. */
const A_FRAME = 1_000;
const FILE_WAITING = 4_000;
const TICK_MS = 1_000;
const HIDDEN_MS = 200;
/** How long the microscope stays with a message before it takes a newer one by itself. */
const STAY_MS = 700;
const SELDOM_MS = 400;

export class Xray {
  #parts;
  #me;
  #source;
  #state = "connecting";
  /** @type {Trace} */
  #trace;
  #message;
  /** Whether a person chose the message. */
  #held = false;
  /** The number of a message of this room that is looked for; 0 if none is. */
  #wanted = 0;
  #stays = -Infinity;
  #paused = false;
  #drawing = 0;
  #ticking;
  /** When all that is kept was looked at last. */
  #looked = -Infinity;
  #waiters = [];
  #found;
  #lanes;
  #lines;
  #microscope;
  #size;

  /**
   * @param {HTMLElement} root
   * @param {{url?: string, room?: string, me?: string, seq?: number, close?: () => void}} how without
   *   a url nothing is asked of a server; with a number that message of the room is looked at
   */
  constructor(root, { url, room = "", me = "", seq = 0, close } = {}) {
    this.#me = me;
    const whole = `/xray?${new URLSearchParams({ room, me })}`;
    const parts = frame(root, { close, whole });
    this.#parts = parts;
    this.#found = new Found(parts);
    this.#lanes = new Lanes(parts, {
      chose: (message) => this.#choose(message),
      followed: () => this.#followed(),
    });
    this.#lines = new Lines(parts.lines, parts.tally, () => this.#followed());
    this.#microscope = new Microscope(parts.microscope);
    this.#trace = new Trace(room);
    this.#listen(root);
    this.#size = new ResizeObserver(() => {
      this.#lanes.width = parts.rows.clientWidth;
      this.#draw();
    });
    this.#size.observe(parts.rows);
    this.#ticking = setInterval(() => this.#later(), TICK_MS);
    if (url) this.#open((on) => live(url, on), room);
    else this.#say("saved");
    if (seq) this.look(room, seq);
    this.#later();
  }

  /** Looks at the message of this number, as soon as it is known. */
  look(room, seq) {
    if (room !== this.#trace.room) this.#again(room);
    [this.#wanted, this.#message, this.#held] = [seq, undefined, true];
    this.#later();
  }

  /** Looks at a file instead of what was looked at. */
  file(file) {
    this.#parts.file.textContent = file.name;
    this.#open((on) => saved(file, on), this.#source ? "" : this.#trace.room);
  }

  close() {
    this.#source?.close();
    clearInterval(this.#ticking);
    cancelAnimationFrame(this.#drawing);
    clearTimeout(this.#drawing);
    this.#size.disconnect();
  }

  #listen(root) {
    const parts = this.#parts;
    parts.room.addEventListener("change", () => this.#again(parts.room.value));
    parts.member.addEventListener("change", () => {
      const { seen, room } = this.#trace;
      this.#again(room, seen.lanes.find(({ id }) => id === parts.member.value));
    });
    parts.pause.addEventListener("click", () => {
      this.#paused = !this.#paused;
      this.#later();
    });
    parts.latest.addEventListener("click", () => this.#lanes.follow.latest());
    parts.newest.addEventListener("click", () => this.#lines.follow.latest());
    parts.missed.addEventListener("click", () => {
      this.#trace.dismiss();
      this.#later();
    });
    parts.filter.addEventListener("input", () => (this.#lines.words = parts.filter.value));
    picks(root, parts.picker, (file) => this.file(file));
    gives(parts, () => this.#lines.text);
  }

  #open(from, room) {
    this.#source?.close();
    this.#parts.unread.hidden = true;
    this.#paused = false;
    this.#found.clear();
    this.#trace = new Trace(room);
    this.#again(room);
    this.#source = from({
      step: (step) => {
        this.#trace.push(step);
        this.#later();
      },
      state: (state) => this.#say(state),
      unread: (n, line) => this.#unread(n, line),
      room: () => new Promise((done) => {
        this.#waiters.push(done);
        this.#later();
      }),
    });
  }

  #say(state) {
    this.#state = state;
    this.#parts.state.dataset.state = state;
    this.#parts.state.textContent = x(state);
    this.#later();
  }

  #unread(n, line) {
    const none = this.#trace.kept.length + this.#trace.waiting === 0;
    this.#parts.unread.hidden = n === 0;
    this.#parts.unread.textContent = none ? x("notTrace") : x("unread", n, line);
  }

  /** Everything kept, for another choice. */
  #again(room, member) {
    this.#trace.choose(room, member);
    [this.#message, this.#held, this.#stays, this.#looked, this.#wanted] = [undefined, false, -Infinity, -Infinity, 0];
    this.#lines.reset(this.#trace.kept, (step) => this.#trace.shows(step));
    this.#later();
  }

  /** Draws soon, and not more often than there are frames. */
  #later() {
    if (this.#drawing) return;
    const draw = () => {
      this.#drawing = 0;
      this.#take();
      this.#draw();
    };
    // A hidden page has no frames.
    this.#drawing = document.hidden ? setTimeout(draw, HIDDEN_MS) : requestAnimationFrame(draw);
  }

  #take() {
    if (this.#paused) return;
    const { steps, gone } = this.#trace.take(A_FRAME);
    if (steps.length > 0) this.#lines.add(steps, gone);
    if (this.#trace.waiting < FILE_WAITING) for (const done of this.#waiters.splice(0)) done();
    if (this.#trace.waiting > 0) this.#later();
  }

  #draw() {
    const { pause, hidden } = this.#parts;
    const trace = this.#trace;
    const now = trace.now(this.#state === "live");
    const words = this.#paused ? x("resume", trace.waiting + trace.skipped) : x("pause");
    if (pause.textContent !== words) pause.textContent = words;
    pause.setAttribute("aria-pressed", String(this.#paused));
    hidden.hidden = trace.bodies;
    gauges(this.#parts, trace, { now, saved: this.#state === "saved" || this.#state === "reading" });
    this.#seldom(now);
    const { member, model, seen } = trace;
    const rows = member ? model.rows.filter((row) => involves(row, member)) : model.rows;
    const found = this.#wanted > 0 && model.message(trace.room, this.#wanted);
    const comes = found && found !== this.#message;
    if (comes) this.#message = found;
    this.#follow(rows);
    const rooms = trace.room === "" && seen.rooms.size > 1;
    const room = rooms ? "" : trace.room || [...seen.rooms.keys()][0];
    this.#lanes.draw(model, rows, { now, me: this.#me, chosen: member, message: this.#message, held: this.#held, room, rooms });
    if (comes) this.#lanes.show(found);
    this.#microscope.draw(this.#message, this.#wanted);
    if (comes) this.#parts.microscope.scrollIntoView({ block: "nearest" });
  }

  /** What looks at everything that is kept, and nobody needs in every frame. */
  #seldom(now) {
    if (performance.now() - this.#looked < SELDOM_MS) return;
    this.#looked = performance.now();
    choosers(this.#parts, this.#trace);
    this.#found.draw(this.#trace, { now, live: this.#state === "live" || this.#state === "again" });
  }

  /** The microscope goes along with what is newest until somebody chooses. */
  #follow(rows) {
    if (this.#held || performance.now() - this.#stays < STAY_MS) return;
    const latest = rows.findLast(({ kind, message }) => kind === "out" && message)?.message;
    if (latest === this.#message) return;
    [this.#message, this.#stays] = [latest, performance.now()];
  }

  #choose(message) {
    this.#held = message !== undefined;
    this.#wanted = 0;
    this.#message = message ?? this.#message;
    this.#stays = -Infinity;
    this.#later();
  }

  #followed() {
    this.#parts.latest.hidden = this.#lanes.follow.on;
    this.#parts.newest.hidden = this.#lines.follow.on;
  }
}
