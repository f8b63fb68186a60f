// Body text to DOM nodes. Everything ends up in text nodes and in attributes that cannot run:
// a body is never parsed as HTML, so there is nothing to escape and nothing to forget.

const FENCE = /(^|\n)```[^\n`]*\n([\s\S]*?)\n?```[ \t]*(?=\n|$)/g;
const STARTS = /[`@]|https?:\/\//giu;
// Ends at CJK punctuation, which follows without a space, and at characters that reorder text:
// they would make an address look like another one.
const URL_RUN = /https?:\/\/[^\s<>"`，。；：！？、（）「」『』【】《》“”‘’\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]+/iuy;
const WORD = /[\p{L}\p{N}_]/u;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]$/u;
const JUMBO = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,3}$/u;
const LONGEST_NAME = 64;
// Looking a name up costs; nobody calls this many people at once.
const MOST_MENTIONS = 50;

/**
 * @param {string} body
 * @param {Map<string, string>} names lower-case name to name: whom an @ can mean
 * @param {string} me
 */
export function render(body, names, me) {
  const out = document.createDocumentFragment();
  let from = 0;
  for (const match of body.matchAll(FENCE)) {
    inline(out, body.slice(from, match.index), names, me);
    const pre = document.createElement("pre");
    const code = document.createElement("code");
    code.textContent = match[2];
    pre.append(code);
    out.append(pre);
    from = match.index + match[0].length;
    if (body[from] === "\n") from += 1;
  }
  inline(out, body.slice(from), names, me);
  return out;
}

/** A few emoji and nothing else are shown large. */
export const jumbo = (body) => body.length < 40 && JUMBO.test(body);

export const mentions = (fragment) => fragment.querySelector(".mention.me") !== null;

function inline(out, text, names, me) {
  let plain = 0;
  let at = 0;
  const put = (node, start, end) => {
    if (start > plain) out.append(text.slice(plain, start));
    if (node) out.append(node);
    plain = at = end;
  };
  // A run of backticks without its partner is remembered, or a body of backticks costs n².
  const unpaired = new Map();
  let mentionsLeft = MOST_MENTIONS;
  while (at < text.length) {
    STARTS.lastIndex = at;
    const match = STARTS.exec(text);
    if (!match) break;
    const start = match.index;
    const found =
      match[0] === "`" ? span(text, start, unpaired)
      : joined(text, start) ? null
      : match[0] === "@" ? (mentionsLeft-- > 0 ? mention(text, start, names, me) : null)
      : link(text, start);
    if (found) put(found.node, start, found.end);
    else at = start + (match[0] === "`" ? run(text, start) : match[0].length);
  }
  put(null, text.length, text.length);
}

/** Whether what begins here is the rest of a word: the @ of a mail address is no mention. */
const joined = (text, at) => at > 0 && WORD.test(text[at - 1]) && !UNSPACED.test(text[at - 1]);

function run(text, at) {
  let end = at;
  while (text[end] === "`") end += 1;
  return end - at;
}

function span(text, start, unpaired) {
  const ticks = run(text, start);
  if (start < (unpaired.get(ticks) ?? 0)) return null;
  const newline = text.indexOf("\n", start);
  const stop = newline < 0 ? text.length : newline;
  for (let at = start + ticks; at < stop; ) {
    const next = text.indexOf("`", at);
    if (next < 0 || next >= stop) break;
    const length = run(text, next);
    if (length === ticks && next > start + ticks) {
      const node = document.createElement("code");
      // One space on both sides is how a span begins or ends with a backtick.
      node.textContent = text.slice(start + ticks, next).replace(/^ (.*\S.*) $/, "$1");
      return { node, end: next + ticks };
    }
    at = next + length;
  }
  unpaired.set(ticks, stop);
  return null;
}

function link(text, start) {
  URL_RUN.lastIndex = start;
  const raw = URL_RUN.exec(text)?.[0];
  if (!raw) return null;
  const end = wanted(raw);
  const shown = raw.slice(0, end);
  let url;
  try {
    url = new URL(shown);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const node = document.createElement("a");
  node.href = url.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer nofollow";
  node.textContent = shown;
  return { node, end: start + end };
}

/** The length without what ends the sentence; a bracket only if it was opened outside. */
function wanted(raw) {
  const open = { ")": "(", "]": "[", "}": "{" };
  const depth = { "(": 0, "[": 0, "{": 0 };
  for (const char of raw) {
    if (char in depth) depth[char] += 1;
    else if (char in open) depth[open[char]] -= 1;
  }
  let end = raw.length;
  for (; end > 0; end--) {
    const last = raw[end - 1];
    if (last in open && depth[open[last]] < 0) depth[open[last]] += 1;
    else if (!".,;:!?'*_~".includes(last)) break;
  }
  return end;
}

function mention(text, start, names, me) {
  const rest = text.slice(start + 1, start + 1 + LONGEST_NAME).toLowerCase();
  for (let length = rest.length; length > 0; length--) {
    const name = names.get(rest.slice(0, length));
    if (name === undefined) continue;
    const end = start + 1 + length;
    // Scripts written without spaces go on right after the name.
    if (!UNSPACED.test(name) && end < text.length && WORD.test(text[end])) continue;
    const node = document.createElement("bdi");
    node.className = name === me ? "mention me" : "mention";
    node.textContent = text.slice(start, end);
    return { node, end };
  }
  return null;
}
