import { useEffect, useRef } from 'preact/hooks';
import { html } from './html.js';
import { Icon } from './icons.js';
import { text } from './messages.js';

/** Show a dialog over the page. Escape and the cross close it; the focus goes back. */
export function Dialog({ title, close, children, wide }) {
  const element = useRef();
  useEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before?.focus?.();
  }, []);
  return html`
    <dialog ref=${element} class=${wide ? 'wide' : ''} aria-labelledby="dialog-title"
      onCancel=${(event) => {
        event.preventDefault();
        close?.();
      }}>
      <header><h2 id="dialog-title">${title}</h2>
        ${
          close &&
          html`<button type="button" class="icon" aria-label=${text.close} title=${text.close}
          onClick=${close}><${Icon} name="close" /></button>`
        }
      </header>
      ${children}
    </dialog>`;
}
