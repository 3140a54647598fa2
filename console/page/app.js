import { useEffect } from 'preact/hooks';
import { onSignInNeeded } from '../api/client.js';
import { contract, loadContract } from '../api/contract.js';
import { wakeUpload } from '../api/images.js';
import { Gallery } from '../gallery/gallery.js';
import { askForToken, loadSession, session } from '../session/session.js';
import { SignIn } from '../session/sign_in.js';
import { UploadPanel } from '../upload/panel.js';
import { html } from './html.js';
import { later } from './later.js';
import { PageHeader } from './header.js';
import { route } from './router.js';
import { useStore } from './store.js';
import { text } from './messages.js';
import { Toasts } from './toasts.js';

/** The viewer, which is loaded after the gallery. */
const Viewer = later(() => import('../viewer/viewer.js'), 'Viewer');

/** The page: its head, the gallery or a picture, and what is being uploaded. */
export function App() {
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
