import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { useStore } from '../page/store.js';
import { toast } from '../page/toasts.js';
import { permission } from '../session/permissions.js';
import { chosenBatch } from './batch.js';
import { enqueue } from './queue.js';
import { ACCEPT, readDropped, readFolder, readPasted } from './picking.js';

const UPLOAD = ['post', '/images/'];

/** Take files that are dropped, pasted or chosen. `large` invites where there is no picture yet. */
export function DropArea({ large, batches }) {
  const [over, setOver] = useState(false);
  const batch = useStore(chosenBatch);
  const forbidden = permission(...UPLOAD);
  const add = ({ files, skipped = 0 }) => {
    if (forbidden) return toast(forbidden);
    if (files.length) enqueue(files, chosenBatch.get().trim());
    if (skipped) toast(text.upload.skipped(skipped));
    else if (!files.length) toast(text.upload.nothing);
  };
  useWholePage(add, setOver);
  return html`
    <section class=${`drop ${large ? 'drop-large' : ''} ${over ? 'drop-over' : ''}`}
      aria-label=${text.upload.title}>
      <div class="drop-words">
        <h2>${large ? text.upload.invite : text.upload.title}</h2>
        <p>${text.upload.hint}</p>
      </div>
      <div class="drop-actions">
        <${Chooser} label=${text.upload.choose} primary add=${add} forbidden=${forbidden} />
        <${Chooser} label=${text.upload.folder} folder add=${add} forbidden=${forbidden} />
        <${Chooser} label=${text.upload.camera} camera add=${add} forbidden=${forbidden} />
        <label class="drop-batch">
          <span>${text.upload.batch}</span>
          <input type="text" list="batches" maxlength="100" placeholder=${text.upload.noBatch}
            value=${batch}
              onInput=${(event) => chosenBatch.set(event.target.value.replace(/[/\\]/g, ''))} />
          <datalist id="batches">
            ${batches.map((each) => html`<option key=${each} value=${each} />`)}
          </datalist>
        </label>
      </div>
      ${over && html`<div class="drop-veil" aria-hidden="true"><p>${text.upload.release}</p></div>`}
    </section>`;
}

function Chooser({ label, primary, folder, camera, add, forbidden }) {
  const input = useRef();
  const chosen = (event) => {
    const files = [...event.target.files];
    event.target.value = '';
    add(folder ? readFolder(files) : { files });
  };
  const attributes = {
    ...(folder ? { webkitdirectory: true } : { accept: camera ? 'image/*' : ACCEPT }),
    ...(camera ? { capture: 'environment' } : { multiple: true }),
  };
  return html`
    <span class=${camera ? 'only-touch' : folder ? 'only-mouse' : ''}>
      <button type="button" class=${primary ? 'primary' : ''} disabled=${Boolean(forbidden)}
        title=${forbidden || undefined} onClick=${() => input.current.click()}>${label}</button>
      <input type="file" hidden ref=${input} ...${attributes} onChange=${chosen} />
    </span>`;
}

/** Take files that are dropped or pasted anywhere on the page. */
function useWholePage(add, setOver) {
  const latest = useRef();
  latest.current = add;
  useEffect(() => {
    let depth = 0; // dragenter and dragleave come for every element on the way
    const has = (event) => event.dataTransfer?.types.includes('Files');
    const listeners = {
      dragenter: (event) => has(event) && (depth++, setOver(true)),
      dragleave: (event) => has(event) && --depth <= 0 && setOver(false),
      dragover: (event) => has(event) && event.preventDefault(),
      drop: async (event) => {
        if (!has(event)) return;
        event.preventDefault();
        depth = 0;
        setOver(false);
        latest.current(await readDropped(event.dataTransfer));
      },
      paste: (event) => {
        const files = readPasted(event.clipboardData);
        if (files.length) latest.current({ files });
      },
    };
    const all = Object.entries(listeners);
    for (const [name, listener] of all) addEventListener(name, listener);
    return () => {
      for (const [name, listener] of all) removeEventListener(name, listener);
    };
  }, []);
}
