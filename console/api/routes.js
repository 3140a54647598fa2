/* The routes of the API that the page uses, and the contract, which says which there are. */
import { createStore, newId } from '../page/state.js';
import { ask } from './client.js';

const at = (id) => `/images/${encodeURIComponent(id)}`;
const quoted = (id) => ({ 'If-Match': `"${id}"` });

export const LOWEST_SCORE = 0;

/** Return a page of images. `next` of an earlier page continues it. */
export const listImages = (query, next, signal) =>
  ask(next ?? `/images/?${new URLSearchParams(query)}`, { signal });

export const listBatches = (signal) => ask('/batches/?limit=200', { signal });

export const getImage = (id, signal) => ask(at(id), { signal });

/** Return the circles of a run with all fields, with its candidates if minScore is given. */
export const getObjects = (id, { minScore, run, signal } = {}) => {
  const query = new URLSearchParams({ fields: 'full' });
  if (minScore !== undefined) query.set('min_score', minScore);
  if (run) query.set('detection', run);
  return ask(`${at(id)}/objects?${query}`, { signal });
};

export const getRuns = (id, signal) => ask(`${at(id)}/detections`, { signal });

/** Store a correction. Throws Problem 412 if another run than `served` is served by now. */
export const correct = (id, served, basedOn, objects) =>
  ask(`${at(id)}/detections`, {
    method: 'POST',
    headers: { ...quoted(served), 'Idempotency-Key': newId() },
    json: { based_on: basedOn, objects },
  });

/** Serve an earlier run. */
export const restore = (id, served, run) =>
  ask(`${at(id)}/detections`, { method: 'POST', headers: quoted(served), json: { restore: run } });

/** Run the detector again. */
export const detectAgain = (id) => ask(`${at(id)}/detections`, { method: 'POST' });

/** Set the millimetres of an image, or of its batch. */
export const setScale = (id, batch, scale) =>
  ask(batch == null ? `${at(id)}/scale` : `/batches/${encodeURIComponent(batch)}/scale`, {
    method: 'PUT',
    json: scale,
  });

/** Remove the millimetres of an image, or of its batch. */
export const removeScale = (id, batch) =>
  ask(batch == null ? `${at(id)}/scale` : `/batches/${encodeURIComponent(batch)}/scale`, {
    method: 'DELETE',
  });

/** Delete an image. `keepalive` finishes it while the page closes. */
export const deleteImage = (id) => ask(at(id), { method: 'DELETE' });

export const deleteWhileClosing = (id) => fetch(at(id), { method: 'DELETE', keepalive: true });

/** Start upload and with it the predictor, before a picture is sent. */
export const wakeUpload = () => fetch('/health/upload').catch(() => {});

/** The contract that this installation serves: undefined until it is read, null if it cannot be. */
export const contract = createStore(undefined);

/** Read the contract. Without it what is optional stays hidden. */
export async function loadContract() {
  contract.set(await ask('/openapi.json').catch(() => null));
}

/** Return the scope that a token needs for a route. */
export function scopeOf(method, path) {
  return contract.get()?.paths[path]?.[method]?.['x-scope'];
}

/** Return the values that a route's parameter takes. */
export function choicesOf(method, path, name) {
  const parameters = contract.get()?.paths[path]?.[method]?.parameters ?? [];
  return parameters.find((each) => each.name === name)?.schema?.enum ?? [];
}

/** Whether this installation has a route, such as offers('get', '/images/{image_id}'). */
export function offers(method, path) {
  return Boolean(contract.get()?.paths[path]?.[method]);
}

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
