import { contract } from '../api/contract.js';
import { sourcesOf } from '../api/pictures.js';
import { moment, number } from '../page/format.js';
import { html } from '../page/html.js';
import { memo } from '../page/memo.js';
import { Icon } from '../page/icons.js';
import { nameOf, text } from '../page/messages.js';
import { pictureAddress } from '../page/router.js';
import { Picture } from '../page/picture.js';
import { useStore } from '../page/store.js';

/** Show a picture of the gallery with its count and state. */
export const Card = memo(function Card({ image }) {
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
