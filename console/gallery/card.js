import { useState } from 'preact/hooks';
import { contract } from '../api/contract.js';
import { contentUrl, pictureUrl } from '../api/pictures.js';
import { moment, number } from '../page/format.js';
import { html } from '../page/html.js';
import { Icon } from '../page/icons.js';
import { nameOf, text } from '../page/messages.js';
import { pictureAddress } from '../page/router.js';
import { useStore } from '../page/store.js';

/** Show a picture of the gallery with its count and state. */
export function Card({ image }) {
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
}

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
  const [failed, setFailed] = useState(0);
  const known = useStore(contract);
  if (known === undefined) return html`<div class="thumb"></div>`;
  if (failed > 1) {
    return html`<div class="thumb thumb-none"><${Icon} name="picture" /></div>`;
  }
  const source = failed ? contentUrl(image.image_id) : pictureUrl(image.image_id, width);
  return html`<div class="thumb"><img src=${source} alt="" loading="lazy" decoding="async"
    width=${image.width} height=${image.height} onError=${() => setFailed(failed + 1)} /></div>`;
}
