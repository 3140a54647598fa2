import { useState } from 'preact/hooks';
import { waking } from '../api/client.js';
import { contract } from '../api/contract.js';
import { Account } from '../session/sign_in.js';
import { Icon } from './icons.js';
import { html } from './html.js';
import { text } from './messages.js';
import { useStore } from './store.js';
import { setTheme, theme } from './theme.js';

/** Show the product's name, whether its functions are starting, and the page's settings. */
export function PageHeader() {
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
