// What the browser remembers: localStorage where it is allowed, memory where it is not
// (private windows, full quota), so that the rest of the page need not care.

const memory = new Map();

export function get(key) {
  if (memory.has(key)) return memory.get(key);
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function set(key, value) {
  try {
    localStorage.setItem(key, value);
    memory.delete(key);
  } catch {
    memory.set(key, value);
  }
}

export function remove(key) {
  memory.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept there.
  }
}

/** All keys that start with `prefix`. */
export function keys(prefix) {
  const found = new Set(memory.keys());
  try {
    for (let i = 0; i < localStorage.length; i++) found.add(localStorage.key(i));
  } catch {
    // Memory is all there is.
  }
  return [...found].filter((key) => key.startsWith(prefix));
}

/** True when something would be lost by closing the page. */
export const fragile = () => memory.size > 0;

// One token per name: somebody who tries another name can come back to the first one.
export const member = {
  name: () => get("chat.name") ?? "",
  token: (name) => get(`chat.token.${name}`) ?? undefined,
  keep(name, token) {
    set("chat.name", name);
    if (token) set(`chat.token.${name}`, token);
  },
};
