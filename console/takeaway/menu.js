import { html } from '../page/html.js';
import { Menu } from '../page/menu.js';
import { text } from '../page/messages.js';
import { galleryAddress, open } from '../page/router.js';
import { toast } from '../page/toasts.js';
import { permission } from '../session/permissions.js';
import { deleteSoon } from './deleting.js';
import { curlOf, downloadsOf, tablesOf } from './downloads.js';

/** Offer what can be taken away of a picture, and to delete it. */
export function TakeAway({ image, cut }) {
  const forbidden = permission('delete', '/images/{image_id}');
  const copy = async (close) => {
    close();
    toast((await copyText(curlOf(image, cut))) ? text.takeAway.copied : text.takeAway.notCopied);
  };
  const remove = () => {
    deleteSoon(image);
    open(galleryAddress(image.batch ? { batch: image.batch } : {}));
  };
  return html`
    <${Menu} id="take-away" icon="download" label=${text.takeAway.title}>${(close) => html`
      <${Downloads} entries=${downloadsOf(image)} close=${close} />
      <li><button type="button" onClick=${() => copy(close)}>
        <strong>${text.takeAway.curl}</strong><span>${text.takeAway.curlHint}</span></button></li>
      <li class="menu-danger"><button type="button" disabled=${Boolean(forbidden)}
        title=${forbidden || undefined} onClick=${remove}><strong>${text.deleting.label}</strong>
        <span>${forbidden || text.deleting.hint}</span></button></li>`}
    </${Menu}>`;
}

/** Offer tables of all pictures of a selection. */
export function TakeAwaySelection({ selection }) {
  const tables = tablesOf(selection);
  if (!tables.length) return null;
  return html`
    <${Menu} id="take-away-all" icon="download" label=${text.takeAway.title}>
      ${(close) => html`<${Downloads} entries=${tables} close=${close} />`}
    </${Menu}>`;
}

function Downloads({ entries, close }) {
  return entries.map(
    ({ label, hint, url, name }) => html`
      <li key=${url}><a href=${url} download=${name} onClick=${close}>
        <strong>${label}</strong><span>${hint}</span></a></li>`,
  );
}

/** Copy text and return whether it worked. The clipboard's interface exists only on HTTPS. */
async function copyText(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const field = Object.assign(document.createElement('textarea'), { value: words });
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}
