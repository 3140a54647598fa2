import { html } from './html.js';
import { describe, text } from './messages.js';

/** Say that something is being loaded. */
export function Loading({ what, cards }) {
  return html`<div class="loading" role="status"><p>${what}</p>
    ${
      cards &&
      html`<div class="cards" aria-hidden="true">${[...Array(8).keys()].map(
        (each) => html`<div key=${each} class="card card-empty"></div>`,
      )}</div>`
    }</div>`;
}

/** Say what went wrong and what to do. */
export function Failure({ problem, again }) {
  return html`<div class="failure" role="alert"><p>${describe(problem)}</p>
    ${again && html`<button type="button" onClick=${again}>${text.retry}</button>`}</div>`;
}
