// Every word the X-ray says, in both languages. A missing key is a bug, not a fallback.

const en = {
  title: "X-ray",
  connecting: "connecting…",
  live: "live",
  again: "reconnecting…",
  saved: "saved trace",
  reading: "reading…",
  hidden: "texts hidden",
  hiddenWhy: "The server shows no message texts here unless --trace-bodies show says so.",
  close: "Close",
  whole: "Whole page",
  room: "Room",
  allRooms: "All rooms",
  member: "Member",
  everybody: "Everybody",
  open: "Open a file…",
  openWhy: "A file that chat --trace FILE --trace-format json wrote. It stays on this computer.",
  pause: "Pause",
  resume: (n) => (n > 0 ? `Go on (${n} wait)` : "Go on"),
  latest: "Latest",
  inRoom: "in room",
  received: "received",
  delivered: "delivered",
  busiestReceived: "most received",
  busiestDelivered: "most delivered",
  perSecond: "/s",
  missed: "missed",
  seenIt: "messages missed. Click when you have seen it.",
  findings: "What stands out",
  well: "Nothing. Everybody gets everything.",
  quiet: "Nothing has happened yet.",
  lanes: "What happens",
  lanesHow: "One column for each connection, one row for each event. Arrow keys go through them.",
  legend: { join: "joins", said: "says", out: "gets it", cross: "missed", slow: "slow", left: "leaves" },
  roomLane: "room",
  others: (n) => `${n} others`,
  you: "you",
  client: (n) => `client ${n}`,
  by: (name, client) => `${name} (client ${client})`,
  scope: "Under the microscope",
  scopeOf: (seq, from) => (seq === undefined ? `A direct message from ${from}` : `#${seq} from ${from}`),
  bytes: (n) => `${n} B`,
  scopeNone: "Choose a message above: here is who had it when, to the microsecond.",
  bar: { stored: "stored", told: (n) => (n === 1 ? "1 reader" : `${n} readers`), missed: "missed it", waits: "has not got it yet" },
  last: "last",
  acked: (time) => `said so at ${time}`,
  rest: (n, time) => `${n} more had it by ${time}`,
  coarse: "This trace tells whole milliseconds only.",
  cut: "This bar is longer than there is room for.",
  lines: "Trace",
  filter: "Filter: words, or -words",
  shown: (n, of) => (n === of ? `${n} events` : `${n} of ${of} events`),
  copy: "Copy",
  copied: "Copied",
  save: "Save",
  unread: (n, line) => (n === 1 ? `1 line was not understood: line ${line}` : `${n} lines were not understood, the first is line ${line}`),
  notTrace: "No line of this file is an event. A trace in JSON is wanted: chat --trace FILE --trace-format json",
  drop: "Drop the trace here",
  row: {
    join: (who) => `${who} joins`,
    left: (who, why) => `${who} leaves (${why})`,
    said: (who, what) => `${who} says ${what}`,
    direct: (who) => `${who} says something in private`,
    change: "something",
    again: (who, seq) => `${who} sends #${seq} again; it is stored already`,
    out: (what, n, of, time) => (n < of ? `${what} reaches ${n} of ${of}` : `${what} reaches ${n === 1 ? "1" : `all ${n}`}`) + (time ? ` in ${time}` : ""),
    outPrivate: (n, time) => `The private message reaches ${n}` + (time ? ` in ${time}` : ""),
    catch: (who, from, to) => (from === to ? `${who} gets #${from} from before` : `${who} gets #${from} to #${to} from before`),
    gap: (who, n, why) => `${who} missed ${n === 1 ? "1 message" : `${n} messages`} (${why})`,
    reset: (who, why) => `${who} cannot go on where it was (${why})`,
    refused: (who, why) => `${who} is refused: ${why}`,
    lagging: (who) => `${who} is behind and reads what is stored`,
    stalled: (who) => `${who} takes nothing`,
    anew: "The server starts anew",
    skipped: (n) => (n === 1 ? "1 event is missing here" : `${n} events are missing here`),
  },
  mark: { gap: (n) => `${n} missed`, reset: "reset", refused: "refused", lagging: "behind", stalled: "stuck", again: "again", direct: "private" },
  server: {
    room_opened: "The room opens", room_closed: "The room closes", trimmed: "The oldest messages are dropped", store_failed: "Cannot store",
    read_failed: "Cannot read the history", accept_failed: "Cannot accept connections", index_damaged: "The index of words is made anew", drained: "The server has stopped",
  },
  finding: {
    stalled: (who, { seconds, behind }) => `${who} takes nothing for ${seconds} s` + (behind > 0 ? `, and is ${behind} ${behind === 1 ? "message" : "messages"} behind` : ""),
    comesBack: (who, { times }) => `${who} came back ${times} times in a minute`,
    missed: (who, { count }) => `${who} missed ${count === 1 ? "1 message" : `${count} messages`}`,
    cannotResume: (who) => `${who} could not go on where it was and started anew`,
    refused: (who, { count, why }) => `${who} was refused ${count === 1 ? "once" : `${count} times`}: ${why}`,
    behind: (who) => `${who} fell behind or came back, and read what is stored`,
    slowMessage: (who, { seq, time }) => `#${seq} needed ${time} to reach everybody; ${who} was last`,
    slowStore: (who, { seq, time }) => `#${seq} waited ${time} to be stored`,
    store_failed: (who, { why }) => `The server could not store: ${why}`,
    read_failed: (who, { why }) => `The server could not read its history: ${why}`,
    accept_failed: (who, { why }) => `The server could not accept connections: ${why}`,
    index_damaged: () => "The index of words was damaged and is made anew",
    unrecorded: (who, { count }) => (count === 1 ? "1 event was not recorded" : `${count} events were not recorded`),
    nobody: "Somebody",
  },
};

const zh = {
  title: "透视",
  connecting: "正在连接…",
  live: "实时",
  again: "正在重新连接…",
  saved: "已保存的跟踪",
  reading: "正在读取…",
  hidden: "不含消息内容",
  hiddenWhy: "除非用 --trace-bodies show 启动，服务器不会在这里显示消息内容。",
  close: "关闭",
  whole: "整页",
  room: "房间",
  allRooms: "所有房间",
  member: "成员",
  everybody: "所有人",
  open: "打开文件…",
  openWhy: "由 chat --trace FILE --trace-format json 写下的文件。它不会离开这台电脑。",
  pause: "暂停",
  resume: (n) => (n > 0 ? `继续（${n} 条等待）` : "继续"),
  latest: "最新",
  inRoom: "在房间里",
  received: "收到",
  delivered: "送达",
  busiestReceived: "收到（最高）",
  busiestDelivered: "送达（最高）",
  perSecond: "/秒",
  missed: "错过",
  seenIt: "条消息被错过。看过后点一下。",
  findings: "值得注意",
  well: "没有。人人都收到了全部消息。",
  quiet: "还什么都没有发生。",
  lanes: "发生了什么",
  lanesHow: "每个连接一列，每个事件一行。用方向键浏览。",
  legend: { join: "加入", said: "发言", out: "收到", cross: "错过", slow: "慢", left: "离开" },
  roomLane: "房间",
  others: (n) => `另外 ${n} 个`,
  you: "你",
  client: (n) => `客户端 ${n}`,
  by: (name, client) => `${name}（客户端 ${client}）`,
  scope: "显微镜",
  scopeOf: (seq, from) => (seq === undefined ? `${from} 的私信` : `${from} 的 #${seq}`),
  bytes: (n) => `${n} 字节`,
  scopeNone: "在上面选一条消息，这里会显示谁在何时收到，精确到微秒。",
  bar: { stored: "存储", told: (n) => `${n} 个读者`, missed: "错过了", waits: "还没有收到" },
  last: "最后",
  acked: (time) => `${time} 时确认`,
  rest: (n, time) => `另外 ${n} 个在 ${time} 内收到`,
  coarse: "这份跟踪只精确到毫秒。",
  cut: "这一条太长，画不下。",
  lines: "跟踪",
  filter: "筛选：词语，或 -词语",
  shown: (n, of) => (n === of ? `${n} 个事件` : `${n} / ${of} 个事件`),
  copy: "复制",
  copied: "已复制",
  save: "保存",
  unread: (n, line) => `有 ${n} 行看不懂，第一处是第 ${line} 行`,
  notTrace: "这个文件里没有一行是事件。需要 JSON 格式的跟踪：chat --trace FILE --trace-format json",
  drop: "把跟踪文件放在这里",
  row: {
    join: (who) => `${who} 加入`,
    left: (who, why) => `${who} 离开（${why}）`,
    said: (who, what) => `${who} 发出 ${what}`,
    direct: (who) => `${who} 发出一条私信`,
    change: "一条消息",
    again: (who, seq) => `${who} 重发了 #${seq}，它已经存好`,
    out: (what, n, of, time) => (n < of ? `${what} 送达 ${n} / ${of} 个` : `${what} 送达全部 ${n} 个`) + (time ? `，用时 ${time}` : ""),
    outPrivate: (n, time) => `私信送达 ${n} 个` + (time ? `，用时 ${time}` : ""),
    catch: (who, from, to) => (from === to ? `${who} 收到之前的 #${from}` : `${who} 收到之前的 #${from} 到 #${to}`),
    gap: (who, n, why) => `${who} 错过 ${n} 条消息（${why}）`,
    reset: (who, why) => `${who} 无法从原处继续（${why}）`,
    refused: (who, why) => `${who} 被拒绝：${why}`,
    lagging: (who) => `${who} 落后了，正在读历史`,
    stalled: (who) => `${who} 什么也不收`,
    anew: "服务器重新启动",
    skipped: (n) => `这里缺 ${n} 个事件`,
  },
  mark: { gap: (n) => `错过 ${n}`, reset: "重置", refused: "拒绝", lagging: "落后", stalled: "卡住", again: "重发", direct: "私信" },
  server: {
    room_opened: "房间打开", room_closed: "房间关闭", trimmed: "最早的消息被删去", store_failed: "无法存储",
    read_failed: "无法读取历史", accept_failed: "无法接受连接", index_damaged: "正在重建词语索引", drained: "服务器已停止",
  },
  finding: {
    stalled: (who, { seconds, behind }) => `${who}已有 ${seconds} 秒什么也不收` + (behind > 0 ? `，落后 ${behind} 条消息` : ""),
    comesBack: (who, { times }) => `${who}一分钟内回来了 ${times} 次`,
    missed: (who, { count }) => `${who}错过了 ${count} 条消息`,
    cannotResume: (who) => `${who}无法从原处继续，只好从头开始`,
    refused: (who, { count, why }) => `${who}被拒绝 ${count} 次：${why}`,
    behind: (who) => `${who}落后了或刚回来，读了历史`,
    slowMessage: (who, { seq, time }) => `#${seq} 用了 ${time} 才送达所有人，最后是 ${who}`,
    slowStore: (who, { seq, time }) => `#${seq} 等了 ${time} 才存好`,
    store_failed: (who, { why }) => `服务器无法存储：${why}`,
    read_failed: (who, { why }) => `服务器无法读取历史：${why}`,
    accept_failed: (who, { why }) => `服务器无法接受连接：${why}`,
    index_damaged: () => "词语索引损坏，正在重建",
    unrecorded: (who, { count }) => `有 ${count} 个事件没有记录`,
    nobody: "有人",
  },
};

const chinese = document.documentElement.lang.startsWith("zh");
const table = chinese ? zh : en;

/** `x("row.join", who)` */
export const x = (key, ...values) => {
  const word = key.split(".").reduce((at, part) => at[part], table);
  return typeof word === "function" ? word(...values) : word;
};

const digits = new Intl.NumberFormat(chinese ? "zh-CN" : "en");
export const count = (n) => digits.format(n);

/** A length of time, in the unit that suits it. */
export function length(us) {
  if (us < 1_000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${short(us / 1_000)} ms`;
  return `${short(us / 1_000_000)} s`;
}

/** A length of time to the microsecond, while anybody wants to know that. */
export const exact = (us) => (us < 10_000 ? `${count(us)} µs` : length(us));

const short = (n) => (n < 10 ? n.toFixed(1).replace(/\.0$/, "") : String(Math.round(n)));

/** A rate, as short as a gauge is small. */
export const rate = (n) => (n >= 1_000 ? `${short(n / 1_000)}k` : short(n));

/** The time of day, with all that the trace tells of it. */
export function clock(us) {
  const date = new Date(Math.floor(us / 1_000));
  const two = (n) => String(n).padStart(2, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${time}.${String(us % 1_000_000).padStart(6, "0")}`;
}

/** A name that keeps its direction to itself. */
const apart = (text) => `\u2068${text}\u2069`;

/** What a client is called. */
export const label = (lane) => lane.name || `${lane.wire && lane.wire !== "http" ? `${lane.wire} ` : ""}${lane.client}`;
export const who = (lane) => (lane.name ? apart(lane.name) : x("client", lane.client));
/** And which of those with that name it is. */
export const whoExactly = (lane) => (lane.name && lane.wire !== "http" ? x("by", apart(lane.name), lane.client) : who(lane));

const named = (message) => (message.seq === undefined ? x("row.change") : `#${message.seq}`);

/** A row as a sentence. @param {import("./xray-model.js").Row} row */
export function sentence(row) {
  const { kind, lane, message } = row;
  const whom = lane && who(lane);
  if (kind === "said") return message?.room === "@" ? x("row.direct", whom) : x("row.said", whom, message ? saying(message) : x("row.change"));
  if (kind === "again") return x("row.again", whom, row.seq);
  if (kind === "out") {
    const [n, of, time] = reached(row);
    return message?.room === "@" ? x("row.outPrivate", n, time) : x("row.out", out(row), n, of, time);
  }
  if (kind === "catch") return x("row.catch", whom, row.first, row.seq);
  if (kind === "gap") return x("row.gap", whom, row.count, row.why);
  if (kind === "skipped") return x("row.skipped", row.count);
  if (kind === "server") return x(`server.${row.what}`) + (row.why ? `: ${row.why}` : "");
  return x(`row.${kind}`, whom, row.why);
}

const saying = (message) => (message.text ? `${named(message)} “${apart(message.text)}”` : named(message));
const out = (row) => (row.message && row.first === row.seq ? named(row.message) : row.first < row.seq ? `#${row.first} – #${row.seq}` : `#${row.seq}`);

/** How many have it, of how many, after how long. */
export function reached({ message, told }) {
  const n = message?.sent.size ?? 0;
  if (n === 0 && told) return [told.clients, told.clients, length(told.us)];
  const of = Math.max(n, message.of);
  const took = lasted({ message, told });
  return [n, of, took === undefined ? "" : length(took)];
}

/** Microseconds until the last one had it. */
export function lasted({ message, told }) {
  if (!message || message.sent.size === 0) return told?.us;
  const from = message.stored ?? message.received;
  let last = from;
  for (const at of message.sent.values()) last = Math.max(last, at);
  return from === undefined ? undefined : last - from;
}
