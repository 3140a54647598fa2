import { offers } from '../api/contract.js';
import { readProblem } from '../api/problem.js';
import { createStore } from '../page/store.js';

/*
 * Who uses the page, and what the token allows. The token itself goes once to /session and comes
 * back as a cookie that no script can read; the page keeps none of it.
 *
 * { state: 'unknown' | 'open' | 'in' | 'out', principal, scopes }
 */
export const session = createStore({ state: 'unknown', principal: null, scopes: [] });

let waiting = null;
let goOn = () => {};

/** Ask who uses the page. An installation without this route is open to everyone who reaches it. */
export async function loadSession() {
  if (!offers('get', '/whoami')) {
    session.set({ state: 'open', principal: null, scopes: [] });
    return;
  }
  const response = await fetch('/whoami').catch(() => null);
  if (response?.ok) accept(await response.json());
  else if (response?.status === 401) askForToken();
}

/** Show the sign-in, and return when the person has signed in. */
export function askForToken() {
  session.set((before) => ({ ...before, state: 'out' }));
  waiting ??= new Promise((resolve) => {
    goOn = () => {
      waiting = null;
      resolve();
    };
  });
  return waiting;
}

/** Exchange a token for a cookie. Throws Problem. */
export async function signIn(token) {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token.trim()}` },
  });
  if (!response.ok) {
    const header = (name) => response.headers.get(name);
    throw readProblem(response.status, header, await response.text());
  }
  accept(await response.json());
  goOn();
}

/** End the session, and ask for a token. */
export async function signOut() {
  await fetch('/session', { method: 'DELETE' }).catch(() => {});
  askForToken().then(() => location.reload());
}

function accept({ access, principal, scopes }) {
  session.set({ state: access === 'open' ? 'open' : 'in', principal, scopes });
}
