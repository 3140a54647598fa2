import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from './html.js';
import { Icon } from './icons.js';

/**
 * Show a button that opens a list.
 *
 * @param children gets the function that closes it, and returns the entries
 */
export function Menu({ id, icon, label, children }) {
  const [shown, setShown] = useState(false);
  const element = useRef();
  useEffect(() => {
    if (!shown) return undefined;
    const outside = (event) => element.current.contains(event.target) || setShown(false);
    const escape = (event) => event.key === 'Escape' && (event.preventDefault(), setShown(false));
    addEventListener('pointerdown', outside);
    addEventListener('keydown', escape, true);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('keydown', escape, true);
    };
  }, [shown]);
  return html`
    <div class="menu" ref=${element}>
      <button type="button" aria-expanded=${shown} aria-controls=${id}
        onClick=${() => setShown(!shown)}>
        <${Icon} name=${icon} /><span>${label}</span></button>
      ${shown && html`<ul id=${id} class="menu-list">${children(() => setShown(false))}</ul>`}
    </div>`;
}
