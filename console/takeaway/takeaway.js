import { choicesOf, contentUrl, deleteImage, deleteWhileClosing, offers } from '../api/routes.js';
import { html } from '../page/html.js';
import { describe, nameOf, text } from '../page/messages.js';
import { Menu, toast } from '../page/parts.js';
import { createStore, galleryAddress, open } from '../page/state.js';
import { permission } from '../session/session.js';

/** Offer what can be taken away of a picture, and to delete it. */
export function TakeAway({ image, cut }) {
  const forbidden = permission('delete', '/images/{image_id}');
  const copy = async (close) => {
    close();
    toast((await copyText(curlOf(image, cut))) ? text.takeAway.copied : text.takeAway.notCopied);
  };
  const remove = () => {
    deleteSoon(image);
    open(galleryAddress(image.batch ? { batch: image.batch } : {}));
  };
  return html`
    <${Menu} id="take-away" icon="download" label=${text.takeAway.title}>${(close) => html`
      <${Downloads} entries=${downloadsOf(image)} close=${close} />
      <li><button type="button" onClick=${() => copy(close)}>
        <strong>${text.takeAway.curl}</strong><span>${text.takeAway.curlHint}</span></button></li>
      <li class="menu-danger"><button type="button" disabled=${Boolean(forbidden)}
        title=${forbidden || undefined} onClick=${remove}><strong>${text.deleting.label}</strong>
        <span>${forbidden || text.deleting.hint}</span></button></li>`}
    </${Menu}>`;
}

/** Offer tables of all pictures of a selection. */
export function TakeAwaySelection({ selection }) {
  const tables = tablesOf(selection);
  if (!tables.length) return null;
  return html`
    <${Menu} id="take-away-all" icon="download" label=${text.takeAway.title}>
      ${(close) => html`<${Downloads} entries=${tables} close=${close} />`}
    </${Menu}>`;
}

function Downloads({ entries, close }) {
  return entries.map(
    ({ label, hint, url, name }) => html`
      <li key=${url}><a href=${url} download=${name} onClick=${close}>
        <strong>${label}</strong><span>${hint}</span></a></li>`,
  );
}

/** Copy text and return whether it worked. The clipboard's interface exists only on HTTPS. */
async function copyText(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const field = Object.assign(document.createElement('textarea'), { value: words });
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

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
function downloadsOf(image) {
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
function tablesOf({ order, ...selection }) {
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
function curlOf(image, cut) {
  const score = cut === image.threshold || cut === 0 ? '' : `&min_score=${cut}`;
  return `curl '${location.origin}/images/${image.image_id}/objects?fields=full${score}'`;
}

/** The ids of images that the page hides because they are deleted, or are about to be. */
export const deleted = createStore(new Set());

const UNDO_MS = 8000;
const waiting = new Map();

/** Delete an image in eight seconds, unless that is undone. Leaving the page deletes at once. */
function deleteSoon(image) {
  const id = image.image_id;
  hide(id, true);
  waiting.set(
    id,
    setTimeout(() => finish(id), UNDO_MS),
  );
  toast(text.deleting.done(nameOf(image)), {
    forMs: UNDO_MS,
    action: { label: text.undo, run: () => undo(id) },
  });
}

function undo(id) {
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  hide(id, false);
}

async function finish(id) {
  waiting.delete(id);
  try {
    await deleteImage(id);
  } catch (problem) {
    if (problem.status === 404) return;
    hide(id, false);
    toast(describe(problem));
  }
}

function hide(id, hidden) {
  deleted.set((before) => {
    const next = new Set(before);
    if (hidden) next.add(id);
    else next.delete(id);
    return next;
  });
}

addEventListener('pagehide', () => {
  for (const [id, timer] of waiting) {
    clearTimeout(timer);
    deleteWhileClosing(id);
  }
  waiting.clear();
});
