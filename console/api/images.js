/* The routes of the API that the page uses. */
import { newId } from '../page/identifiers.js';
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
