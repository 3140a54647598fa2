/* Starts the page. */
import { render } from 'preact';
import { App } from './app.js';
import { html } from './html.js';
import { applyTheme } from './theme.js';

applyTheme();
const place = document.getElementById('app');
place.textContent = ''; // what was shown while the modules were loading
render(html`<${App} />`, place);
