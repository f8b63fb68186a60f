// The X-ray: what comes, what is chosen, and what of it is drawn. The same in its own page and in
// the drawer beside a room.

import { copy } from "./copy.js";
import { el } from "./row.js";
import { parse } from "./xray-event.js";
import { findings } from "./xray-findings.js";
import { frame } from "./xray-frame.js";
import { Intake } from "./xray-intake.js";
import { Lanes } from "./xray-lanes.js";
import { involves } from "./xray-columns.js";
import { Lines } from "./xray-lines.js";
import { Microscope } from "./xray-microscope.js";
import { Model } from "./xray-model.js";
import { Rates } from "./xray-rates.js";
import { Seen } from "./xray-seen.js";
import { live, saved } from "./xray-source.js";
import { count, label, length, rate, whoExactly, x } from "./xray-words.js";

/** As many events as are kept for the lines and for another choice. */
const MOST_KEPT = 10_000;
/** As many as are taken in for one frame. */
const A_FRAME = 1_000;
const FILE_WAITING = 4_000;
const TICK_MS = 1_000;
const HIDDEN_MS = 200;
/** How long the microscope stays with a message before it takes a newer one by itself. */
const STAY_MS = 700;
const SELDOM_MS = 400;
const MOST_MEMBERS = 200;

export class Xray {
  #parts;
  #me;
  #source;
  #state = "connecting";
  #seen = new Seen();
  #intake = new Intake();
  #kept = [];
  #n = 0;
  #model = new Model();
  #rates = new Rates();
  #room;
  #member;
  #message;
  /** Whether a person chose the message. */
  #held = false;
  #stays = -Infinity;
  #paused = false;
  #drawing = 0;
  #ticking;
  #newest = { at: 0, here: 0 };
  /** When all that is kept was looked at last. */
  #looked = -Infinity;
  /** The findings that were said aloud. */
  #told = new Set();
  #bodies = false;
  #waiters = [];
  #lanes;
  #lines;
  #microscope;
  #size;

  /**
   * @param {HTMLElement} root
   * @param {{url?: string, room?: string, me?: string, close?: () => void}} how without a url
   *   nothing is asked of a server
   */
  constructor(root, { url, room = "", me = "", close } = {}) {
    this.#me = me;
    this.#room = room;
    const whole = `/xray?${new URLSearchParams({ room, me })}`;
    const parts = frame(root, { close, whole });
    this.#parts = parts;
    this.#lanes = new Lanes(parts, {
      chose: (message) => this.#choose(message),
      followed: () => this.#followed(),
    });
    this.#lines = new Lines(parts.lines, parts.tally, () => this.#followed());
    this.#microscope = new Microscope(parts.microscope);
    this.#listen(root);
    this.#size = new ResizeObserver(() => {
      this.#lanes.width = parts.rows.clientWidth;
      this.#draw();
    });
    this.#size.observe(parts.rows);
    this.#ticking = setInterval(() => this.#later(), TICK_MS);
    if (url) this.#open((on) => live(url, on));
    else this.#say("saved");
    this.#later();
  }

  /** Looks at a file instead of what was looked at. */
  file(file) {
    this.#parts.file.textContent = file.name;
    this.#open((on) => saved(file, on));
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
    parts.room.addEventListener("change", () => {
      this.#room = parts.room.value;
      this.#member = undefined;
      this.#again();
    });
    parts.member.addEventListener("change", () => {
      this.#member = this.#seen.lanes.find(({ id }) => id === parts.member.value);
      this.#again();
    });
    parts.pause.addEventListener("click", () => {
      this.#paused = !this.#paused;
      this.#later();
    });
    parts.latest.addEventListener("click", () => this.#lanes.follow.latest());
    parts.newest.addEventListener("click", () => this.#lines.follow.latest());
    parts.missed.addEventListener("click", () => {
      this.#rates.missed = 0;
      this.#later();
    });
    parts.filter.addEventListener("input", () => (this.#lines.words = parts.filter.value));
    parts.picker.addEventListener("change", () => {
      const [file] = parts.picker.files;
      if (file) this.file(file);
      parts.picker.value = "";
    });
    parts.copy.addEventListener("click", () => this.#copy());
    parts.save.addEventListener("click", () => this.#save());
    root.addEventListener("dragover", (event) => {
      event.preventDefault();
      root.classList.add("over");
    });
    root.addEventListener("dragleave", (event) => root.contains(event.relatedTarget) || root.classList.remove("over"));
    root.addEventListener("drop", (event) => {
      event.preventDefault();
      root.classList.remove("over");
      const [file] = event.dataTransfer.files;
      if (file) this.file(file);
    });
  }

  #open(from) {
    this.#source?.close();
    Object.assign(this.#parts.unread, { hidden: true });
    [this.#seen, this.#kept, this.#newest] = [new Seen(), [], { at: 0, here: 0 }];
    [this.#member, this.#bodies, this.#paused] = [undefined, false, false];
    if (this.#source) this.#room = "";
    this.#told.clear();
    this.#parts.speaker.textContent = "";
    this.#intake.clear();
    this.#again();
    this.#source = from({
      step: (step) => {
        this.#intake.push(step);
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
    const none = this.#kept.length + this.#intake.waiting === 0;
    this.#parts.unread.hidden = n === 0;
    this.#parts.unread.textContent = none ? x("notTrace") : x("unread", n, line);
  }

  /** Everything kept, for another choice. */
  #again() {
    this.#model = new Model(this.#room, this.#seen.lanes, this.#kept[0]?.at);
    const { missed } = this.#rates;
    this.#rates = new Rates();
    for (const step of this.#kept) this.#tell(step);
    if (this.#kept.length > 0) this.#rates.missed = Math.min(this.#rates.missed, missed || Infinity);
    [this.#message, this.#held, this.#stays, this.#looked] = [undefined, false, -Infinity, -Infinity];
    this.#lines.reset(this.#kept, (step) => this.#shows(step));
    this.#later();
  }

  #tell(step) {
    this.#model.add(step);
    if (this.#model.concerns(step)) this.#rates.add(step);
  }

  #shows(step) {
    return this.#model.concerns(step) && (!this.#member || step.lane === this.#member);
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
    const { steps, skipped } = this.#intake.take(A_FRAME);
    if (skipped > 0) steps.unshift(parse(`{"event":"lost","lost":${skipped}}`, steps[0]?.at ?? this.#newest.at));
    for (const step of steps) {
      step.n = this.#n;
      this.#n += 1;
      this.#seen.add(step);
      this.#tell(step);
      this.#bodies ||= step.what === "received" && String(step.data.message).includes(": ");
    }
    if (steps.length > 0) {
      this.#newest = { at: Math.max(this.#newest.at, steps.at(-1).at), here: performance.now() };
      this.#kept.push(...steps);
      const gone = Math.max(this.#kept.length - MOST_KEPT, 0);
      this.#kept.splice(0, gone);
      this.#lines.add(steps, gone);
    }
    if (this.#intake.waiting < FILE_WAITING) for (const done of this.#waiters.splice(0)) done();
    if (this.#intake.waiting > 0) this.#later();
  }

  /** By the clock of the trace. */
  get #now() {
    const { at, here } = this.#newest;
    return this.#state === "live" && at > 0 ? at + Math.round((performance.now() - here) * 1_000) : at;
  }

  #draw() {
    const { pause, hidden } = this.#parts;
    const now = this.#now;
    const words = this.#paused ? x("resume", this.#intake.waiting + this.#intake.skipped) : x("pause");
    if (pause.textContent !== words) pause.textContent = words;
    pause.setAttribute("aria-pressed", String(this.#paused));
    hidden.hidden = this.#bodies;
    this.#gauges(now);
    this.#seldom(now);
    const member = this.#member;
    const rows = member ? this.#model.rows.filter((row) => involves(row, member)) : this.#model.rows;
    this.#look(rows);
    const rooms = this.#room === "" && this.#seen.rooms.size > 1;
    const room = rooms ? "" : this.#room || [...this.#seen.rooms.keys()][0];
    this.#lanes.draw(this.#model, rows, { now, me: this.#me, chosen: member, message: this.#message, held: this.#held, room, rooms });
    this.#microscope.draw(this.#message);
  }

  #gauges(now) {
    const { rooms } = this.#seen;
    const sessions = this.#room ? [rooms.get(this.#room)?.sessions] : [...rooms.values()].map((room) => room.sessions);
    const known = sessions.filter((n) => n !== undefined);
    const here = known.length > 0 ? known.reduce((a, b) => a + b, 0) : this.#model.present;
    const saved = this.#state === "saved" || this.#state === "reading";
    const { received, delivered } = saved ? this.#rates.busiest : this.#rates.at(now);
    this.#gauge("inRoom", "inRoom", count(here));
    this.#gauge("received", saved ? "busiestReceived" : "received", rate(received) + x("perSecond"));
    this.#gauge("delivered", saved ? "busiestDelivered" : "delivered", rate(delivered) + x("perSecond"));
    const { missed } = this.#parts;
    this.#gauge("missed", "missed", count(this.#rates.missed));
    missed.classList.toggle("bad", this.#rates.missed > 0);
    missed.disabled = this.#rates.missed === 0;
    missed.title = this.#rates.missed > 0 ? `${this.#rates.missed} ${x("seenIt")}` : "";
  }

  #gauge(part, key, value) {
    const [figure, words] = this.#parts[part].children;
    if (figure.textContent !== value) figure.textContent = value;
    if (words.textContent !== x(key)) words.textContent = x(key);
  }

  #choosers() {
    const { room, member } = this.#parts;
    options(room, [["", x("allRooms")], ...[...new Set([...this.#seen.rooms.keys(), ...(this.#room ? [this.#room] : [])])].sort().map((name) => [name, `#${name}`])], this.#room);
    const lanes = this.#seen.lanes.filter((lane) => lane.wire !== "http" || lane.name).filter((lane) => !this.#room || lane.rooms.has(this.#room));
    const known = this.#member && !lanes.slice(-MOST_MEMBERS).includes(this.#member) ? [this.#member] : [];
    const choices = [...known, ...lanes.slice(-MOST_MEMBERS)].map((lane) => [lane.id, lane.name ? whoExactly(lane) : label(lane)]);
    options(member, [["", x("everybody")], ...choices], this.#member?.id ?? "");
  }

  /** What looks at everything that is kept, and nobody needs in every frame. */
  #seldom(now) {
    if (performance.now() - this.#looked < SELDOM_MS) return;
    this.#looked = performance.now();
    this.#choosers();
    this.#find(now);
  }

  #find(now) {
    const since = this.#state === "live" || this.#state === "again" ? undefined : -Infinity;
    const steps = this.#kept.filter((step) => this.#shows(step) || (this.#member && step.what === "stored"));
    const found = findings(steps, { now, since });
    const words = found.map((one) => {
      const whom = one.lane ? whoExactly(one.lane) : x("finding.nobody");
      return [one, x(`finding.${one.what}`, whom, { ...one, time: one.us === undefined ? "" : length(one.us) })];
    });
    const none = [[{ level: "good" }, x(this.#kept.length > 0 ? "well" : "quiet")]];
    const nodes = (words.length > 0 ? words : none).map(([{ level }, text]) => el("li", level, text));
    if (nodes.map((n) => n.textContent).join() !== this.#parts.found.textContent) this.#parts.found.replaceChildren(...nodes);
    for (const [one, text] of words) {
      const key = `${one.what} ${one.lane?.id}`;
      if (one.level !== "bad" || this.#told.has(key)) continue;
      this.#told.add(key);
      this.#parts.speaker.textContent = text;
    }
  }

  /** The microscope goes along with what is newest until somebody chooses. */
  #look(rows) {
    if (this.#held || performance.now() - this.#stays < STAY_MS) return;
    const latest = rows.findLast(({ kind, message }) => kind === "out" && message)?.message;
    if (latest === this.#message) return;
    [this.#message, this.#stays] = [latest, performance.now()];
  }

  #choose(message) {
    this.#held = message !== undefined;
    this.#message = message ?? this.#message;
    this.#stays = -Infinity;
    this.#later();
  }

  #followed() {
    this.#parts.latest.hidden = this.#lanes.follow.on;
    this.#parts.newest.hidden = this.#lines.follow.on;
  }

  #copy() {
    const button = this.#parts.copy;
    copy(this.#lines.text, (done) => {
      if (!done) return;
      button.textContent = x("copied");
      setTimeout(() => (button.textContent = x("copy")), 2_000);
    });
  }

  #save() {
    const link = el("a");
    link.href = URL.createObjectURL(new Blob([this.#lines.text], { type: "application/x-ndjson" }));
    link.download = "trace.ndjson";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}

/** Fills a chooser if its choices changed. */
function options(select, choices, value) {
  const as = choices.map((choice) => choice.join("\0")).join("\n");
  if (select.dataset.as !== as) {
    select.dataset.as = as;
    select.replaceChildren(...choices.map(([id, words]) => Object.assign(el("option", "", words), { value: id })));
  }
  if (select.value !== value) select.value = value;
}
