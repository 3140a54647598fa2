/*
 * Keeps small values in the browser. A browser may forbid that, or have no space left; then values
 * last as long as the page.
 */
const PREFIX = 'circles:';
const here = new Map();

/** Return a kept value, or null. */
export function recall(name) {
  if (here.has(name)) return here.get(name);
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Keep a value; null forgets it. */
export function keep(name, value) {
  here.set(name, value);
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // It stays in `here`.
  }
}
