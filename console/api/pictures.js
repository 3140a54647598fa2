import { offers } from './contract.js';

const THUMBNAIL = '/images/{image_id}/thumbnail';

/** Return the address of a picture at most about `width` pixels wide, or of the stored one. */
export function pictureUrl(id, width) {
  return offers('get', THUMBNAIL) ? `/images/${id}/thumbnail?width=${width}` : contentUrl(id);
}

/** Return the address of the stored bytes. */
export function contentUrl(id) {
  return `/images/${id}/content`;
}
