import { useEffect, useState } from 'preact/hooks';
import { html } from './html.js';
import { text } from './messages.js';
import { Failure, Loading } from './states.js';

const MOST_RELOADS = 4;
const PAUSE_MS = 700;

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
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (!found)
        get().then(
          () => setFound(() => known),
          () => reload() || setFailed(true),
        );
    }, []);
    if (found) return html`<${found} ...${properties} />`;
    return html`<main id="main" tabindex="-1">
      ${
        failed
          ? html`<${Failure} problem=${{ code: 'network' }} again=${() => location.reload()} />`
          : html`<${Loading} what=${text.loading} />`
      }
    </main>`;
  };
}

/** Load the page again, some times: browsers remember a module that did not arrive. */
function reload() {
  const tries = history.state?.tries ?? 0;
  if (tries > MOST_RELOADS) return false;
  history.replaceState({ tries: tries + 1 }, '');
  setTimeout(() => location.reload(), PAUSE_MS * (tries + 1));
  return true;
}
