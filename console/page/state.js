/* What the page knows apart from the API: stores, kept values, the address, its colours. */
import { useEffect, useState } from 'preact/hooks';

/** Return a value that components watch with useStore. */
export function createStore(initial) {
  let value = initial;
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      value = typeof next === 'function' ? next(value) : next;
      for (const watcher of [...watchers]) watcher(value);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

/**
 * Return a store's value, and render again when it changes.
 *
 * @param everyMs the least time between two renderings, for what changes often
 */
export function useStore(store, everyMs = 0) {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const renders = gather(() => setValue(store.get()), everyMs);
    setValue(store.get());
    const unwatch = store.watch(everyMs ? renders.soon : setValue);
    return () => {
      unwatch();
      renders.stop();
    };
  }, [store, everyMs]);
  return value;
}

/** Return { soon, stop }: however often soon() is called, `act` runs once in `everyMs`. */
export function gather(act, everyMs) {
  let timer = null;
  const run = () => {
    timer = null;
    act();
  };
  return {
    soon: () => (timer ??= setTimeout(run, everyMs)),
    stop: () => clearTimeout(timer),
  };
}

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

/** Return a random UUID. crypto.randomUUID exists only on HTTPS and on this machine. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/*
 * The address: #/?batch=d7 is the gallery, #/images/ID a picture. What stands behind the hash never
 * reaches a server, so that the page opens while every function is stopped.
 */
export const route = createStore(read());

addEventListener('hashchange', () => route.set(read()));

function read() {
  const [path, query = ''] = location.hash.replace(/^#/, '').split('?');
  const found = /^\/images\/([0-9a-f-]{36})$/.exec(path);
  const known = Object.fromEntries(new URLSearchParams(query));
  return found
    ? { view: 'picture', id: found[1], query: known }
    : { view: 'gallery', query: known };
}

/** Return the address of the gallery with a selection of pictures. */
export function galleryAddress(query = {}) {
  const text = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== '' && value != null),
  ).toString();
  return text ? `#/?${text}` : '#/';
}

/** Return the address of a picture. */
export function pictureAddress(id) {
  return `#/images/${id}`;
}

/** Open an address of the page. */
export function open(address) {
  location.hash = address;
}

/** Return 'auto' (as the system), 'light' or 'dark'. */
export const theme = () => recall('theme') ?? 'auto';

/** Choose how the page looks. */
export function setTheme(name) {
  keep('theme', name === 'auto' ? null : name);
  applyTheme();
}

export function applyTheme() {
  const name = theme();
  document.documentElement.style.colorScheme = name === 'auto' ? '' : name;
}
