import { offers } from '../api/contract.js';
import { contentUrl } from '../api/pictures.js';
import { text } from '../page/messages.js';

const EXPORT = '/export';
const OVERLAY = '/images/{image_id}/overlay';
const FORMATS = [
  ['csv', 'csv'],
  ['xlsx', 'xlsx'],
  ['coco', 'json'],
  ['report', 'html'],
];

/** Return what this installation gives of a picture: { label, hint, url, name }. */
export function downloadsOf(image) {
  const id = image.image_id;
  const name = (image.file_name ?? id).replace(/\.[^.]*$/, '');
  const found = [];
  if (offers('get', EXPORT)) {
    for (const [format, ending] of FORMATS.filter(([each]) => exports(each))) {
      const query = new URLSearchParams({ format, sha256: image.sha256 });
      found.push({
        ...text.takeAway.formats[format],
        url: `${EXPORT}?${query}`,
        name: `${name}.${ending}`,
      });
    }
  }
  if (offers('get', OVERLAY)) {
    for (const format of ['png', 'svg']) {
      found.push({
        ...text.takeAway.overlays[format],
        url: `/images/${id}/overlay?format=${format}`,
        name: `${name}.circles.${format}`,
      });
    }
  }
  found.push({ ...text.takeAway.original, url: contentUrl(id), name: image.file_name ?? id });
  return found;
}

/** Return a command that reads the circles as they are shown. */
export function curlOf(image, cut) {
  const score = cut === image.threshold || cut === 0 ? '' : `&min_score=${cut}`;
  return `curl '${location.origin}/images/${image.image_id}/objects?fields=full${score}'`;
}

function exports() {
  return true;
}
