import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';
import { text } from './messages.js';
import { Failure, Loading } from './states.js';

/**
 * Return a component whose module is loaded when it is shown, or when the browser has time.
 *
 * @param load imports the module
 * @param name of the component in it
 */
export function later(load, name) {
  let known = null;
  const get = () => load().then((found) => (known = found[name]));
  (globalThis.requestIdleCallback ?? setTimeout)(() => get().catch(() => {}));
  return function Later(properties) {
    const [found, setFound] = useState(() => known);
    const [failed, setFailed] = useState(null);
    const start = () => get().then(() => setFound(() => known), setFailed);
    useEffect(() => {
      if (!found) start();
    }, []);
    if (found) return html`<${found} ...${properties} />`;
    return html`<main id="main" tabindex="-1">${
      failed
        ? html`<${Failure} problem=${{ code: 'network' }} again=${() => location.reload()} />`
        : html`<${Loading} what=${text.loading} />`
    }</main>`;
  };
}
