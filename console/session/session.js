import { useState } from 'preact/hooks';
import { readProblem } from '../api/client.js';
import { offers, scopeOf } from '../api/routes.js';
import { html, Icon } from '../page/html.js';
import { describe, text } from '../page/messages.js';
import { Dialog } from '../page/parts.js';
import { createStore, useStore } from '../page/state.js';

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

const FREE = [undefined, 'any', 'none'];

/** Return why this session may not use a route, empty if it may. */
export function permission(method, path) {
  const { state, scopes } = session.get();
  const scope = scopeOf(method, path);
  if (state !== 'in' || FREE.includes(scope) || scopes.includes(scope)) return '';
  return text.session.forbidden(scope);
}

/** Ask for a token where the installation wants one. What is on the page stays as it is. */
export function SignIn() {
  const { state, principal } = useStore(session);
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  if (state !== 'out') return null;
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(token);
      setToken('');
    } catch (error) {
      setProblem(error);
    }
    setBusy(false);
  };
  return html`
    <${Dialog} title=${principal ? text.session.expired : text.session.title}>
      <form class="scale" onSubmit=${submit}>
        <p>${principal ? text.session.again : text.session.hint}</p>
        <label class="field"><span>${text.session.token}</span>
          <input type="password" required autocomplete="current-password" autofocus value=${token}
            onInput=${(event) => setToken(event.target.value)} /></label>
        ${
          problem &&
          html`<p class="error" role="alert">
          ${problem.status === 401 ? text.session.wrong : describe(problem)}</p>`
        }
        <div class="dialog-actions">
          <button type="submit" class="primary"
            disabled=${busy || !token}>${text.session.signIn}</button>
        </div>
      </form>
    </${Dialog}>`;
}

/** Say who is signed in, and let them sign out. */
export function Account() {
  const { state, principal } = useStore(session);
  if (state !== 'in') return null;
  return html`<button type="button" class="quiet account" onClick=${signOut}
    aria-label=${text.session.signOut} title=${text.session.signedInAs(principal)}>
    <${Icon} name="person" /><span>${text.session.signOut}</span></button>`;
}
