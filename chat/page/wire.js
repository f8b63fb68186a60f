// The socket: one chat.v1 connection that comes back by itself. Knows frames and time,
// nothing of rooms or rows.

const CONNECT_MS = 10_000;
const ANSWER_MS = 10_000;
const STALE_MS = 60_000;
const STEADY_MS = 10_000;
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

export class Wire {
  phase = "idle"; // idle | connecting | open | online | waiting | closed
  /** When the next attempt is due, while waiting. */
  due = 0;
  draining = false;

  #url;
  #on;
  #socket = null;
  #asked = new Map();
  #next = 1;
  #tries = 0;
  #timer = 0;
  #steady = 0;
  #bye = null;
  #heardAt = 0;

  /** @param {{open(): void, frame(frame: object): void, phase(): void}} on */
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
    addEventListener("online", () => this.#nudge(0));
    addEventListener("pageshow", (event) => event.persisted && this.#nudge(0));
    document.addEventListener("visibilitychange", () => document.hidden || this.#nudge(STALE_MS));
  }

  /** Connects now, whatever was planned. */
  now() {
    if (this.phase === "connecting") return;
    this.#forget();
    clearTimeout(this.#timer);
    this.draining = false;
    this.#phase("connecting");
    let socket;
    try {
      socket = new WebSocket(this.#url, "chat.v1");
    } catch {
      this.#later();
      return;
    }
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(), CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#phase("open");
      this.#on.open();
    };
    socket.onmessage = (event) => this.#heard(event.data);
    socket.onclose = () => this.#lost();
  }

  /** Lets go of the connection until `now` is called. */
  stop() {
    this.#forget();
    clearTimeout(this.#timer);
    this.#phase("idle");
  }

  /** Sends a request; `answer` gets the frame with its id. No answer in time ends the socket. */
  ask(frame, answer) {
    const id = this.#next++;
    const timer = setTimeout(() => this.#lost(), ANSWER_MS);
    this.#asked.set(id, { answer, timer });
    this.#socket.send(JSON.stringify({ ...frame, id }));
  }

  /** Sends what nobody answers, unless the connection is down. */
  tell(frame) {
    if (this.phase === "online") this.#socket.send(JSON.stringify(frame));
  }

  #heard(data) {
    this.#heardAt = Date.now();
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (frame.type === "bye") {
      this.#bye = frame;
      return;
    }
    if (frame.type === "welcome") {
      // Only a connection that lasted makes up for the failed ones, or a server that
      // welcomes and then falls over is asked ten times a second.
      this.#steady = setTimeout(() => (this.#tries = 0), STEADY_MS);
      this.#phase("online");
    }
    const asked = this.#asked.get(frame.id);
    if (asked) {
      clearTimeout(asked.timer);
      this.#asked.delete(frame.id);
      asked.answer(frame);
    } else {
      this.#on.frame(frame);
    }
  }

  #lost() {
    const bye = this.#bye;
    this.#forget();
    if (bye && bye.reconnect === false) this.#phase("closed");
    else this.#later(bye?.after_ms);
  }

  /** Drops the socket without waiting for its close, which a dead network never delivers. */
  #forget() {
    for (const { timer } of this.#asked.values()) clearTimeout(timer);
    this.#asked.clear();
    clearTimeout(this.#steady);
    this.#bye = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #later(told) {
    clearTimeout(this.#timer);
    this.draining = told !== undefined;
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#tries);
    const wait = told ?? Math.random() * most;
    if (told === undefined) this.#tries += 1;
    this.due = Date.now() + wait;
    this.#timer = setTimeout(() => this.now(), wait);
    this.#phase("waiting");
  }

  /**
   * The world changed for the better: no reason to wait, unless the server asked for it. A socket
   * that was quiet for longer than `stale` may lead nowhere, and a new one resumes where it was.
   */
  #nudge(stale) {
    if (this.phase === "waiting" && !this.draining) this.now();
    else if (this.phase === "online" && Date.now() - this.#heardAt > stale) this.now();
  }

  #phase(phase) {
    this.phase = phase;
    this.#on.phase();
  }
}
