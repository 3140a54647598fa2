import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { toast } from '../page/parts.js';
import { useStore } from '../page/state.js';
import { permission } from '../session/session.js';
import { chosenBatch, enqueue } from './queue.js';

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
        <h2>${large ? html`<${Invitation} />` : text.upload.title}</h2>
        ${
          forbidden
            ? html`<p class="error">${forbidden}</p>`
            : html`<p><span class="only-mouse">${text.upload.hint} </span>
                ${text.upload.formats}</p>`
        }
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

/** Invite to drop pictures where there is a mouse, and to add them where there is none. */
function Invitation() {
  return html`<span class="only-mouse">${text.upload.invite}</span>
    <span class="only-touch">${text.upload.inviteTouch}</span>`;
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

/*
 * The ways in which files reach the page: dropped, pasted, chosen. A dropped folder is read to its
 * end; from folders only what has the name of a picture is taken.
 */
const PICTURE = /\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$/i;

/** What a file chooser offers. */
const ACCEPT = 'image/*,.heic,.heif,.avif,.tif,.tiff,.bmp';

/** Return { files, skipped } of what was dropped. */
async function readDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) {
    return { files: [...transfer.files], skipped: 0 };
  }
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return sort(found);
}

/** Return { files, skipped } of a chosen folder. */
function readFolder(files) {
  return sort([...files].map((file) => ({ file, inFolder: true })));
}

/** Return the pictures of the clipboard, with a name that tells when. */
function readPasted(transfer) {
  const files = [...(transfer?.files ?? [])].filter((file) => file.type.startsWith('image/'));
  const when = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return files.map((file) =>
    file.name && file.name !== 'image.png'
      ? file
      : new File([file], `pasted ${when}.${file.type.split('/')[1]}`, { type: file.type }),
  );
}

function sort(found) {
  const taken = found.filter(({ file, inFolder }) => !inFolder || PICTURE.test(file.name));
  return { files: taken.map(({ file }) => file), skipped: found.length - taken.length };
}

async function walk(entry, found, inFolder = false) {
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    if (file) found.push({ file, inFolder });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A reader gives at most 100 entries a time.
    const some = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!some.length) return;
    for (const each of some) await walk(each, found, true);
  }
}
