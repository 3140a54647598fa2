import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from '../page/html.js';
import { Icon } from '../page/icons.js';
import { text } from '../page/messages.js';
import { galleryAddress, open } from '../page/router.js';
import { toast } from '../page/toasts.js';
import { permission } from '../session/permissions.js';
import { deleteSoon } from './deleting.js';
import { curlOf, downloadsOf } from './downloads.js';

/** Offer what can be taken away of a picture, and to delete it. */
export function TakeAway({ image, cut }) {
  const [shown, setShown] = useState(false);
  const menu = useRef();
  const forbidden = permission('delete', '/images/{image_id}');
  useEffect(() => {
    if (!shown) return undefined;
    const outside = (event) => menu.current.contains(event.target) || setShown(false);
    const escape = (event) => event.key === 'Escape' && (event.preventDefault(), setShown(false));
    addEventListener('pointerdown', outside);
    addEventListener('keydown', escape, true);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('keydown', escape, true);
    };
  }, [shown]);
  const copy = async () => {
    setShown(false);
    toast((await copyText(curlOf(image, cut))) ? text.takeAway.copied : text.takeAway.notCopied);
  };
  const remove = () => {
    setShown(false);
    deleteSoon(image);
    open(galleryAddress(image.batch ? { batch: image.batch } : {}));
  };
  return html`
    <div class="menu" ref=${menu}>
      <button type="button" aria-expanded=${shown} aria-controls="take-away"
        onClick=${() => setShown(!shown)}>
        <${Icon} name="download" /><span>${text.takeAway.title}</span></button>
      ${
        shown &&
        html`
        <ul id="take-away" class="menu-list">
          ${downloadsOf(image).map(
            ({ label, hint, url, name }) => html`
            <li key=${url}><a href=${url} download=${name} onClick=${() => setShown(false)}>
              <strong>${label}</strong><span>${hint}</span></a></li>`,
          )}
          <li><button type="button" onClick=${copy}><strong>${text.takeAway.curl}</strong>
            <span>${text.takeAway.curlHint}</span></button></li>
          <li class="menu-danger"><button type="button" disabled=${Boolean(forbidden)}
            title=${forbidden || undefined}
            onClick=${remove}><strong>${text.deleting.label}</strong>
              <span>${forbidden || text.deleting.hint}</span></button></li>
        </ul>`
      }
    </div>`;
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
