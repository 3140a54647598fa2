import { useEffect, useRef } from 'preact/hooks';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { useStore } from '../page/store.js';
import { Failure, Loading } from '../page/states.js';
import { deleted } from '../takeaway/deleting.js';
import { chosenBatch } from '../upload/batch.js';
import { DropArea } from '../upload/drop_area.js';
import { onStored } from '../upload/queue.js';
import { useBatches } from './batches.js';
import { Card } from './card.js';
import { Filters, readSelection } from './filters.js';
import { useImages, usePolling } from './list.js';

/** Show the pictures of a selection, and take new ones. */
export function Gallery({ query }) {
  const selection = readSelection(query);
  const { images, next, problem, loading, load, replace, prepend } = useImages(selection);
  const [batches, reloadBatches] = useBatches();
  const gone = useStore(deleted);
  usePolling(images, replace);

  useEffect(() => {
    if (selection.batch) chosenBatch.set(selection.batch);
  }, [selection.batch]);
  useEffect(() => {
    onStored.call = (image) => {
      prepend(image);
      if (image.batch && !batches.includes(image.batch)) reloadBatches();
    };
    return () => {
      onStored.call = () => {};
    };
  }, [prepend, batches, reloadBatches]);

  const shown = images?.filter((image) => !gone.has(image.image_id));
  const filtered = Object.keys(selection).length > 0;
  const empty = shown?.length === 0 && !filtered && !next;
  return html`
    <main class="gallery" id="main" tabindex="-1">
      <h1 class="unseen">${text.gallery.title}</h1>
      <${DropArea} large=${empty} batches=${batches} />
      ${!empty && html`<${Filters} selection=${selection} batches=${batches} />`}
      ${problem && html`<${Failure} problem=${problem} again=${() => load()} />`}
      ${!images && !problem && html`<${Loading} what=${text.gallery.loading} cards />`}
      ${shown?.length === 0 && filtered && html`<p class="nothing">${text.gallery.noMatch}</p>`}
      ${
        shown?.length > 0 &&
        html`
        <ul class="cards" aria-busy=${loading}>
          ${shown.map((image) => html`<${Card} key=${image.image_id} image=${image} />`)}
        </ul>`
      }
      ${next && html`<${More} load=${() => load(next)} loading=${loading} />`}
    </main>`;
}

/** Load the next page when the end comes near, or by the button. */
function More({ load, loading }) {
  const button = useRef();
  const latest = useRef();
  latest.current = () => !loading && load();
  useEffect(() => {
    const watcher = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      { rootMargin: '600px' },
    );
    watcher.observe(button.current);
    return () => watcher.disconnect();
  }, [loading]);
  return html`
    <button type="button" class="more" ref=${button} disabled=${loading}
      onClick=${() => latest.current()}>
      ${loading ? text.loading : text.gallery.more}
    </button>`;
}
