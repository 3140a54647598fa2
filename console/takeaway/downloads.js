import { choicesOf, offers } from '../api/contract.js';
import { contentUrl } from '../api/pictures.js';
import { text } from '../page/messages.js';

const EXPORT = '/export';
const OVERLAY = '/images/{image_id}/overlay';
const ENDINGS = {
  csv: 'csv',
  'csv-images': 'csv',
  xlsx: 'xlsx',
  coco: 'json',
  yolo: 'zip',
  'label-studio': 'json',
  report: 'html',
};

/** Return what this installation gives of a picture: { label, hint, url, name }. */
export function downloadsOf(image) {
  const id = image.image_id;
  const name = (image.file_name ?? id).replace(/\.[^.]*$/, '');
  const overlays = offers('get', OVERLAY) ? ['png', 'svg'] : [];
  return [
    ...tables(only(image), name, ['csv', 'xlsx', 'coco', 'report']),
    ...overlays.map((format) => ({
      ...text.takeAway.overlays[format],
      url: `/images/${id}/overlay?format=${format}${format === 'png' ? '&size=full' : ''}`,
      name: `${name}.circles.${format}`,
    })),
    { ...text.takeAway.original, url: contentUrl(id), name: image.file_name ?? id },
  ];
}

/** Return the tables of a selection of pictures. */
export function tablesOf({ order, ...selection }) {
  return tables(selection, selection.batch ?? 'circles', Object.keys(ENDINGS));
}

function tables(selection, name, wanted) {
  if (!offers('get', EXPORT)) return [];
  const known = choicesOf('get', EXPORT, 'format');
  return wanted
    .filter((format) => known.includes(format))
    .map((format) => ({
      ...text.takeAway.formats[format],
      url: `${EXPORT}?${new URLSearchParams({ format, ...selection })}`,
      name: `${name}${format === 'csv-images' ? '-images' : ''}.${ENDINGS[format]}`,
    }));
}

/** Return the selection of one picture: there may be others of the same bytes. */
function only({ sha256, created_at: since }) {
  return { sha256, since, until: new Date(Date.parse(since) + 1).toISOString() };
}

/** Return a command that reads the circles as they are shown. */
export function curlOf(image, cut) {
  const score = cut === image.threshold || cut === 0 ? '' : `&min_score=${cut}`;
  return `curl '${location.origin}/images/${image.image_id}/objects?fields=full${score}'`;
}
