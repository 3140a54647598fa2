import { useEffect, useRef, useState } from 'preact/hooks';
import { contract, sourcesOf } from '../api/routes.js';
import { moment, number } from '../page/format.js';
import { html, Icon, memo } from '../page/html.js';
import { nameOf, text } from '../page/messages.js';
import { Failure, Loading, Picture } from '../page/parts.js';
import { galleryAddress, open as openAddress, pictureAddress, useStore } from '../page/state.js';
import { deleted, TakeAwaySelection } from '../takeaway/takeaway.js';
import { DropArea } from '../upload/drop_area.js';
import { chosenBatch } from '../upload/queue.js';
import { PAGE, useBatches, useImages, usePolling, useStored } from './list.js';

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
  useStored(selection, prepend, (stored) => {
    if (stored.some(({ batch }) => batch && !batches.includes(batch))) reloadBatches();
  });

  const shown = images?.filter((image) => !gone.has(image.image_id));
  const [limit, setLimit] = useState(PAGE);
  useEffect(() => setLimit(PAGE), [JSON.stringify(selection)]);
  const more = () => {
    setLimit(limit + PAGE);
    if (next && shown.length < limit + PAGE) load(next);
  };
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
          ${shown
            .slice(0, limit)
            .map((image) => html`<${Card} key=${image.image_id} image=${image} />`)}
        </ul>`
      }
      ${
        (next || shown?.length > limit) &&
        html`<${More} load=${more} loading=${loading} limit=${limit} />`
      }
    </main>`;
}

/** Show more when the end comes near, or by the button. */
function More({ load, loading, limit }) {
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
  }, [loading, limit]);
  return html`
    <button type="button" class="more" ref=${button} disabled=${loading}
      onClick=${() => latest.current()}>
      ${loading ? text.loading : text.gallery.more}
    </button>`;
}

const NAMES = ['batch', 'status', 'review', 'order', 'min_count', 'max_count'];

/** Return the selection that an address names, without what the API does not know. */
function readSelection(query) {
  const known = NAMES.filter((name) => query[name]).map((name) => [name, query[name]]);
  return Object.fromEntries(known);
}

/** Choose which pictures are shown, and their order. */
function Filters({ selection, batches }) {
  const set = (name, value) => openAddress(galleryAddress({ ...selection, [name]: value }));
  const names = [...new Set([...batches, selection.batch].filter(Boolean))];
  const [open, setOpen] = useState(false);
  return html`
    <button type="button" class="filters-toggle" aria-expanded=${open}
      onClick=${() => setOpen(!open)}>${text.gallery.filters}</button>
    <form class=${open ? 'filters filters-open' : 'filters'}
      onSubmit=${(event) => event.preventDefault()} aria-label=${text.gallery.filters}>
      <${Choice} name="batch" selection=${selection} set=${set}
        options=${[['', text.gallery.allBatches], ...names.map((name) => [name, name])]} />
      <${Choice} name="review" selection=${selection} set=${set} options=${text.gallery.reviews} />
      <${Choice} name="status" selection=${selection} set=${set} options=${text.gallery.states} />
      <${Choice} name="order" selection=${selection} set=${set} options=${text.gallery.orders} />
      <span class="filter-counts">
        <${Count} name="min_count" selection=${selection} set=${set} />
        <span aria-hidden="true">–</span>
        <${Count} name="max_count" selection=${selection} set=${set} />
      </span>
      ${
        Object.keys(selection).length > 0 &&
        html`<button type="button" class="quiet"
          onClick=${() => openAddress('#/')}>${text.gallery.clear}</button>`
      }
      <${TakeAwaySelection} selection=${selection} />
    </form>`;
}

function Choice({ name, options, selection, set }) {
  return html`
    <label class="choice">
      <span>${text.gallery.labels[name]}</span>
      <select value=${selection[name] ?? ''} onChange=${(event) => set(name, event.target.value)}>
        ${options.map(([value, label]) =>
          html`<option key=${value} value=${value}>${label}</option>`)}
      </select>
    </label>`;
}

function Count({ name, selection, set }) {
  return html`
    <label class="choice">
      <span>${text.gallery.labels[name]}</span>
      <input type="number" min="0" inputmode="numeric" value=${selection[name] ?? ''}
        placeholder=${text.gallery.any}
        onChange=${(event) =>
          set(name, /^\d+$/.test(event.target.value) ? event.target.value : '')} />
    </label>`;
}

/** Show a picture of the gallery with its count and state. */
const Card = memo(function Card({ image }) {
  return html`
    <li class="card">
      <a href=${pictureAddress(image.image_id)} aria-label=${text.gallery.card(image)}>
        <${Thumbnail} image=${image} />
        <div class="card-words">
          <strong class="card-count">
            ${image.status === 'detected'
              ? number(image.object_count) : text.gallery.noCount[image.status]}
          </strong>
          <span class="card-name" title=${nameOf(image)}><bdi>${nameOf(image)}</bdi></span>
          <span class="card-facts">
            <time datetime=${image.created_at}>${moment(image.created_at)}</time>
            ${image.batch && html`<span class="chip"><bdi>${image.batch}</bdi></span>`}
          </span>
        </div>
        <${Badges} image=${image} />
      </a>
    </li>`;
});

/** Show what is to be known of a picture before it is opened. */
function Badges({ image }) {
  const state = text.gallery.badge(image);
  return html`<div class="badges">
    ${
      state &&
      html`<span class=${`badge badge-${state.kind}`}>
      <${Icon} name=${state.icon} />${state.label}</span>`
    }
  </div>`;
}

/** Show a small picture, of the stored one where no smaller can be had. */
export function Thumbnail({ image, width = 256 }) {
  const known = useStore(contract);
  const id = image.image_id;
  const none = html`<${Icon} name="picture" />`;
  return html`<div class="thumb">
    ${known !== undefined && html`<${Picture} key=${id} loading="lazy" width=${image.width}
      height=${image.height} sources=${sourcesOf(id, width)} otherwise=${none} />`}
  </div>`;
}
