import { useEffect, useState } from 'preact/hooks';
import { detectAgain, getImage } from '../api/images.js';
import { html } from '../page/html.js';
import { nameOf, text } from '../page/messages.js';
import { Thumbnail } from '../gallery/card.js';

/** Say that a picture is not here any more. */
export function Gone() {
  return html`<main class="message" id="main" tabindex="-1"><h1>${text.viewer.gone}</h1>
    <p>${text.viewer.goneHint}</p><p><a class="button primary" href="#/">${text.viewer.back}</a></p>
      </main>`;
}

/** Show a picture that has no run yet: it waits for the predictor, or could not be counted. */
export function Unfinished({ picture }) {
  const { image, load, setImage } = picture;
  const [busy, setBusy] = useState(false);
  usePending(image, (now) => (now.served ? load() : setImage(now)));
  const again = async () => {
    setBusy(true);
    await detectAgain(image.image_id).catch(() => {});
    setBusy(false);
    load();
  };
  const failed = image.status === 'failed';
  return html`
    <main class="message" id="main" tabindex="-1">
      <${Thumbnail} image=${image} width=${1024} />
      <h1><bdi>${nameOf(image)}</bdi></h1>
      <p role="status">${failed ? text.viewer.failed(image.error) : text.viewer.pending}</p>
      ${
        failed &&
        html`<p><button type="button" class="primary" disabled=${busy} onClick=${again}>
        ${text.about.detectAgain}</button></p>`
      }
      <p><a href="#/">${text.viewer.back}</a></p>
    </main>`;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10000;

/** Look at a pending picture at growing intervals, while the page is visible. */
function usePending(image, changed) {
  useEffect(() => {
    if (image.status !== 'pending') return undefined;
    let pause = FIRST_PAUSE_MS;
    let timer = setTimeout(tick, pause);
    async function tick() {
      if (document.visibilityState === 'visible') {
        const now = await getImage(image.image_id).catch(() => image);
        if (now.status !== 'pending') return changed(now);
        pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
      }
      timer = setTimeout(tick, pause);
      return undefined;
    }
    return () => clearTimeout(timer);
  }, [image.image_id, image.status]);
}
