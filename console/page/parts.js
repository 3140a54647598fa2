/* What several places of the page show: states, dialogs, menus, pictures, toasts, later modules. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html, Icon } from './html.js';
import { describe, text } from './messages.js';
import { createStore, newId, useStore } from './state.js';

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
    ${
      again &&
      problem.passes !== false &&
      html`<button type="button" onClick=${again}>${text.retry}</button>`
    }</div>`;
}

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

const PAUSES_MS = [800, 2500, 6000];

/**
 * Show the first of several sources that can be shown, and `otherwise` if none can.
 *
 * Each is tried some times, because a function that starts, or a network that changes, is no reason
 * to give up.
 */
export function Picture({ sources, otherwise, ...attributes }) {
  const [tries, setTries] = useState(0);
  const timer = useRef();
  useEffect(() => () => clearTimeout(timer.current), []);
  const each = PAUSES_MS.length + 1;
  const source = sources[Math.floor(tries / each)];
  if (!source) return otherwise;
  const failed = ({ target }) => {
    target.style.visibility = 'hidden'; // instead of the browser's sign of a broken picture
    const pause = PAUSES_MS[tries % each] ?? 0;
    timer.current = setTimeout(() => setTries(tries + 1), pause);
  };
  return html`<img key=${tries} src=${source} alt="" decoding="async" onError=${failed}
    ...${attributes} />`;
}

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
