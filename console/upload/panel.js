import { useEffect, useState } from 'preact/hooks';
import { bytes } from '../page/format.js';
import { html, Icon, memo } from '../page/html.js';
import { describe, text } from '../page/messages.js';
import { pictureAddress, useStore } from '../page/state.js';
import { clearDone, count, queue, remove, retry } from './queue.js';

const SHOWN = 100;
const EVERY_MS = 200; // several files are sent at once, and each tells its progress

/** Show the queue at the foot of the page, while there is one. */
export function UploadPanel() {
  const entries = useStore(queue, EVERY_MS);
  const [open, setOpen] = useState(true);
  const counts = count(entries);
  const busy = counts.waiting + counts.sending > 0;
  useWarning(busy);
  useLeaving(entries.length > 0 && !busy && !counts.failed);
  if (!entries.length) return null;
  const sent = entries.reduce((sum, entry) => sum + (entry.state === 'done' ? 1 : entry.sent), 0);
  return html`
    <section class="panel" aria-label=${text.upload.panel}>
      <header>
        <button type="button" class="panel-title" aria-expanded=${open}
          onClick=${() => setOpen(!open)}>
          <${Icon} name=${open ? 'down' : 'up'} />
          <span role="status">${text.upload.progress(counts, entries.length)}</span>
        </button>
        <span class="panel-actions">
          ${
            counts.failed > 1 &&
            html`<button type="button" class="quiet"
              onClick=${() => retry()}>${text.upload.retryAll}</button>`
          }
          ${
            busy &&
            counts.done > 0 &&
            html`<button type="button" class="quiet"
              onClick=${clearDone}>${text.upload.clear}</button>`
          }
          ${
            !busy &&
            html`<button type="button" class="icon" title=${text.close} aria-label=${text.close}
              onClick=${() => queue.set([])}><${Icon} name="close" /></button>`
          }
        </span>
      </header>
      <progress max=${entries.length} value=${sent} aria-label=${text.upload.panel}></progress>
      ${
        open &&
        html`<ul>${order(entries)
          .slice(0, SHOWN)
          .map((entry) => html`<${Row} key=${entry.key} entry=${entry} />`)}
        ${entries.length > SHOWN &&
          html`<li class="faint">${text.upload.more(entries.length - SHOWN)}</li>`}
      </ul>`
      }
    </section>`;
}

const Row = memo(function Row({ entry }) {
  const { state, problem, image } = entry;
  return html`
    <li class=${`upload upload-${state}`}>
      <span class="upload-name" title=${entry.name}><bdi>${entry.name}</bdi></span>
      <span class="upload-state">
        ${
          state === 'sending' &&
          (entry.sent < 1
            ? text.upload.sending(entry.sent, bytes(entry.size))
            : text.upload.counting)
        }
        ${state === 'waiting' && (problem ? text.upload.again : text.upload.waiting)}
        ${state === 'done' &&
          html`<a href=${pictureAddress(image.image_id)}>${text.upload.done(image)}</a>`}
        ${state === 'failed' && describe(problem)}
      </span>
      ${
        state === 'failed' &&
        problem.passes &&
        html`<button type="button" class="quiet"
          onClick=${() => retry(entry.key)}>${text.retry}</button>`
      }
      ${
        (state === 'failed' || state === 'waiting') &&
        html`<button type="button" class="icon" title=${text.upload.remove}
        aria-label=${text.upload.removeName(entry.name)}
        onClick=${() => remove(entry.key)}><${Icon} name="close" /></button>`
      }
    </li>`;
});

const ORDER = { failed: 0, sending: 1, waiting: 2, done: 3 };
const order = (entries) => [...entries].sort((a, b) => ORDER[a.state] - ORDER[b.state]);

const LEAVES_MS = 10000;

/** Hide the queue some time after everything went well. */
function useLeaving(finished) {
  useEffect(() => {
    if (!finished) return undefined;
    const timer = setTimeout(() => queue.set([]), LEAVES_MS);
    return () => clearTimeout(timer);
  }, [finished]);
}

/** Ask before the page closes while files are being sent. */
function useWarning(busy) {
  useEffect(() => {
    if (!busy) return undefined;
    const warn = (event) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [busy]);
}
