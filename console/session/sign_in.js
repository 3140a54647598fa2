import { useState } from 'preact/hooks';
import { Dialog } from '../page/dialog.js';
import { html } from '../page/html.js';
import { Icon } from '../page/icons.js';
import { describe, text } from '../page/messages.js';
import { useStore } from '../page/store.js';
import { session, signIn, signOut } from './session.js';

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
  return html`<button type="button" class="quiet" onClick=${signOut}
    title=${text.session.signedInAs(principal)}>
    <${Icon} name="person" /><span>${text.session.signOut}</span></button>`;
}
