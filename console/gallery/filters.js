import { useState } from 'preact/hooks';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { galleryAddress, open as openAddress } from '../page/router.js';
import { TakeAwaySelection } from '../takeaway/menu.js';

const NAMES = ['batch', 'status', 'review', 'order', 'min_count', 'max_count'];

/** Return the selection that an address names, without what the API does not know. */
export function readSelection(query) {
  const known = NAMES.filter((name) => query[name]).map((name) => [name, query[name]]);
  return Object.fromEntries(known);
}

/** Choose which pictures are shown, and their order. */
export function Filters({ selection, batches }) {
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
