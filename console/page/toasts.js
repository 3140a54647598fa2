import { html } from './html.js';
import { Icon } from './icons.js';
import { newId } from './identifiers.js';
import { text } from './messages.js';
import { createStore, useStore } from './store.js';

const toasts = createStore([]);
const SHORT_MS = 6000;

/** Say something for a while; `action` is { label, run }. Returns a function that takes it back. */
export function toast(words, { action, forMs = SHORT_MS } = {}) {
  const id = newId();
  const close = () => toasts.set((before) => before.filter((each) => each.id !== id));
  toasts.set((before) => [...before, { id, words, action, close }]);
  setTimeout(close, forMs);
  return close;
}

/** Show what is being said. */
export function Toasts() {
  return html`<div class="toasts" role="status" aria-live="polite">
    ${useStore(toasts).map(
      ({ id, words, action, close }) => html`
      <div class="toast" key=${id}>
        <p>${words}</p>
        ${
          action &&
          html`<button type="button" onClick=${() => {
            close();
            action.run();
          }}>${action.label}</button>`
        }
        <button type="button" class="icon" aria-label=${text.close} onClick=${close}>
          <${Icon} name="close" /></button>
      </div>`,
    )}
  </div>`;
}
