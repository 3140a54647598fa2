import { createStore } from './store.js';

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
