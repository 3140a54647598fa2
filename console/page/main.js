import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { onSignInNeeded, waking } from '../api/client.js';
import { contract, loadContract, wakeUpload } from '../api/routes.js';
import { Gallery } from '../gallery/gallery.js';
import { Account, askForToken, loadSession, session, SignIn } from '../session/session.js';
import { UploadPanel } from '../upload/panel.js';
import { html, Icon } from './html.js';
import { text } from './messages.js';
import { later, Toasts } from './parts.js';
import { applyTheme, route, setTheme, theme, useStore } from './state.js';

/** The viewer, which is loaded after the gallery. */
const Viewer = later(() => import('../viewer/viewer.js'), 'Viewer');

/** The page: its head, the gallery or a picture, and what is being uploaded. */
function App() {
  const { view, id, query } = useStore(route);
  useEffect(() => {
    wakeUpload();
    onSignInNeeded.call = askForToken;
    loadContract().then(loadSession);
  }, []);
  useStore(session);
  useStore(contract);
  useEffect(() => {
    document.title = view === 'picture' ? text.titles.picture : text.titles.gallery;
    scrollTo(0, 0);
  }, [view, id]);
  return html`
    <a class="skip" href="#main" onClick=${toMain}>${text.skip}</a>
    <${PageHeader} />
    ${view === 'picture'
      ? html`<${Viewer} key=${id} id=${id} />`
      : html`<${Gallery} query=${query} />`}
    <${UploadPanel} />
    <${SignIn} />
    <${Toasts} />`;
}

/** Move the focus past the head. The address stays, because its hash is the page's route. */
function toMain(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

/** Show the product's name, whether its functions are starting, and the page's settings. */
function PageHeader() {
  const waits = useStore(waking) > 0;
  const known = useStore(contract);
  return html`
    <header class="page-header">
      <a class="brand" href="#/"><${Logo} />${text.product}</a>
      <p class="waking"
        role="status">
        ${waits && html`<span class="spinner" aria-hidden="true"></span>${text.waking}`}</p>
      <nav aria-label=${text.navigation}>
        <a class="button quiet" href="/docs/">${text.docs}</a>
        <${Account} />
        <${ThemeButton} />
      </nav>
      ${known && html`<span class="unseen">${text.version(known.info.version)}</span>`}
    </header>`;
}

function ThemeButton() {
  const [now, setNow] = useState(theme());
  const next = () => {
    const all = ['auto', 'light', 'dark'];
    const other = all[(all.indexOf(now) + 1) % all.length];
    setTheme(other);
    setNow(other);
  };
  return html`<button type="button" class="icon" title=${text.themes[now]}
    aria-label=${text.themes[now]}
    onClick=${next}><${Icon} name="theme" /></button>`;
}

function Logo() {
  return html`<svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
    <circle cx="9.5" cy="13" r="7" /><circle cx="17.5" cy="6.5" r="3.5" /></svg>`;
}

applyTheme();
const place = document.getElementById('app');
place.textContent = ''; // what was shown while the modules were loading
render(html`<${App} />`, place);
