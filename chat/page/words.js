// Every word the page says, in both languages. A missing key is a bug, not a fallback.

const en = {
  skip: "Skip to the message box",
  topic: "Say hello. Everyone here sees what you write.",
  join: "Join",
  joinRoom: "Join",
  yourName: "Your name",
  cardHint: "No password, no account. Names in any language.",
  joining: "Joining…",
  cancel: "Cancel",
  changeName: "Change your name",
  you: "you",
  here: "Here now",
  hereCount: (n) => (n === 1 ? "1 person here" : `${n} people here`),
  manyHere: "Names are not listed in a room this big.",
  close: "Close",
  messages: "Messages",
  message: (room) => `Message #${room}`,
  send: "Send",
  keySend: "send",
  keyLine: "new line",
  enter: "Enter",
  connecting: "connecting…",
  online: "online",
  offline: "offline",
  lost: "Connection lost.",
  retryIn: (s) => `Reconnecting in ${s} s`,
  retrying: "Reconnecting…",
  restarting: (s) => `The server is restarting. Back in ${s} s`,
  closed: "The server closed this connection.",
  now: "Now",
  back: "Connected again.",
  unread: "New",
  news: (n) => (n === 1 ? "1 new message" : `${n} new messages`),
  latest: "Latest messages",
  joined: (names) => `${names} joined`,
  left: (names) => `${names} left`,
  others: (n) => (n === 1 ? "1 more" : `${n} more`),
  late: "Not sent yet, will retry when connected",
  lateOnline: "Not sent yet, trying again…",
  failed: "Not sent",
  retry: "Retry",
  remove: "Remove",
  restarted: "Server restarted",
  skipped: "Some history was skipped",
  trimmed: "Older messages are no longer kept",
  missed: (n) => (n === 1 ? "1 message skipped" : `${n} messages skipped`),
  search: "Search",
  searchRoom: "Search in this room",
  nothingFound: "Nothing found.",
  more: "More",
  deleted: "Message deleted",
  edited: "(edited)",
  privately: (names) => `to ${names} alone`,
  empty: "It is quiet here.",
  first: "You are the first one here.",
  share: "Share this link to bring somebody in:",
  copy: "Copy",
  copied: "Copied",
  tooLong: (now, most) => `Too long: ${now} of ${most} bytes`,
  today: "Today",
  yesterday: "Yesterday",
  unreachable: "The server does not answer. Still trying…",
  code: {
    bad_name: "A name has 1 to 32 characters, no : or comma, and does not begin with #, / or *.",
    name_taken: (name) => `“${name}” is taken.`,
    name_try: (name) => `How about “${name}”?`,
    too_many_sessions: "This name is open in too many windows. Close one and try again.",
    empty_body: "the message was empty",
    not_searchable: "this server keeps messages in memory only, and cannot search them",
    too_long: "the message is too long",
    mid_reused: "it was already sent with another text",
    too_many_rooms: "The server cannot hold another room now.",
    bad_room: "This room has no valid name.",
    not_joined: "you are not in this room",
    other: (code) => `the server refused it (${code})`,
  },
};

const zh = {
  skip: "跳到输入框",
  topic: "打个招呼吧，在场的人都看得到。",
  join: "加入",
  joinRoom: "加入",
  yourName: "你的名字",
  cardHint: "不用密码，不用注册，名字用什么语言都行。",
  joining: "正在加入…",
  cancel: "取消",
  changeName: "改名字",
  you: "你",
  here: "在场",
  hereCount: (n) => `${n} 人在场`,
  manyHere: "人太多，不再列出名字。",
  close: "关闭",
  messages: "消息",
  message: (room) => `发消息到 #${room}`,
  send: "发送",
  keySend: "发送",
  keyLine: "换行",
  enter: "回车",
  connecting: "正在连接…",
  online: "在线",
  offline: "已断开",
  lost: "连接断开了。",
  retryIn: (s) => `${s} 秒后重新连接`,
  retrying: "正在重新连接…",
  restarting: (s) => `服务器正在重启，${s} 秒后回来`,
  closed: "服务器关闭了这个连接。",
  now: "立即重试",
  back: "已重新连接。",
  unread: "新消息",
  news: (n) => `${n} 条新消息`,
  latest: "最新消息",
  joined: (names) => `${names} 加入了`,
  left: (names) => `${names} 离开了`,
  others: (n) => `另外 ${n} 人`,
  late: "尚未发出，连上后会重试",
  lateOnline: "尚未发出，正在重试…",
  failed: "未能发出",
  retry: "重试",
  remove: "删除",
  restarted: "服务器已重启",
  skipped: "有一段历史被跳过",
  trimmed: "更早的消息已不再保留",
  missed: (n) => `跳过了 ${n} 条消息`,
  search: "搜索",
  searchRoom: "搜索这个房间",
  nothingFound: "没有找到。",
  more: "更多",
  deleted: "消息已删除",
  edited: "（已编辑）",
  privately: (names) => `仅发给 ${names}`,
  empty: "这里还很安静。",
  first: "你是第一个到的。",
  share: "把这个链接发给别人：",
  copy: "复制",
  copied: "已复制",
  tooLong: (now, most) => `太长了：${now} 字节，最多 ${most}`,
  today: "今天",
  yesterday: "昨天",
  unreachable: "服务器没有回应，还在尝试…",
  code: {
    bad_name: "名字有 1 到 32 个字，不能含冒号或逗号，也不能以 #、/ 或 * 开头。",
    name_taken: (name) => `“${name}”已经有人用了。`,
    name_try: (name) => `用“${name}”怎么样？`,
    too_many_sessions: "这个名字开的窗口太多了，关掉一个再试。",
    empty_body: "消息是空的",
    not_searchable: "这个服务器只把消息保存在内存中，不能搜索",
    too_long: "消息太长",
    mid_reused: "它已经带着别的内容发出",
    too_many_rooms: "服务器暂时开不了新的房间。",
    bad_room: "这个房间名不合法。",
    not_joined: "你不在这个房间里",
    other: (code) => `服务器拒绝了（${code}）`,
  },
};

const lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const table = lang === "zh" ? zh : en;
// English pages keep the reader's own English (13:05 or 1:05 PM); a page never mixes languages.
const locale = lang === "zh" ? "zh-CN" : (navigator.language.startsWith("en") && navigator.language) || "en";

export const t = (key, ...values) => {
  const word = table[key];
  return typeof word === "function" ? word(...values) : word;
};

/** What an error code means, to the person who reads it. */
export const reason = (code, ...values) => {
  const word = table.code[code] ?? table.code.other(code);
  return typeof word === "function" ? word(...values) : word;
};

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const dayOfYear = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
const dayOfPast = new Intl.DateTimeFormat(locale, { dateStyle: "full" });

export const time = (date) => clock.format(date);
export const moment = (date) => full.format(date);

export function day(date, now = new Date()) {
  const midnight = (d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  // Rounded because a day is 23 or 25 hours long twice a year.
  const ago = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (ago === 0) return t("today");
  if (ago === 1) return t("yesterday");
  return (date.getFullYear() === now.getFullYear() ? dayOfYear : dayOfPast).format(date);
}

export const comma = lang === "zh" ? "、" : ", ";
/** Between two sentences. */
export const space = lang === "zh" ? "" : " ";

/** Fills the words that index.html asks for with data-t attributes. */
export function fill(root) {
  for (const el of root.querySelectorAll("[data-t]")) el.textContent = t(el.dataset.t);
  for (const el of root.querySelectorAll("[data-t-label]")) {
    el.setAttribute("aria-label", t(el.dataset.tLabel));
    if (el.matches("button")) el.title = t(el.dataset.tLabel);
  }
}
