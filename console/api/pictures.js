import { offers } from './contract.js';

const THUMBNAIL = '/images/{image_id}/thumbnail';

/** Return the addresses of a picture about `width` pixels wide, the stored one at last. */
export function sourcesOf(id, width) {
  const smaller = offers('get', THUMBNAIL) ? [`/images/${id}/thumbnail?width=${width}`] : [];
  return [...smaller, contentUrl(id)];
}

/** Return the address of the stored bytes. */
export function contentUrl(id) {
  return `/images/${id}/content`;
}
