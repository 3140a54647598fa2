import { Problem, readProblem } from '../api/problem.js';

/** The most bytes of a file, as CIRCLES_MAX_UPLOAD_BYTES is unless an operator changed it. */
export const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Send a file and return the image's record.
 *
 * XMLHttpRequest, because fetch does not tell how much was sent. Throws Problem.
 */
export function sendFile({ key, file, batch }, onProgress) {
  if (file.size > MAX_BYTES) return Promise.reject(new Problem({ status: 413, code: 'too-large' }));
  if (file.size === 0) return Promise.reject(new Problem({ status: 400, code: 'empty-file' }));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/images/${batch ? `?batch=${encodeURIComponent(batch)}` : ''}`);
    request.setRequestHeader('Idempotency-Key', key);
    request.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    request.onerror = () => reject(new Problem({}));
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else {
        const header = (name) => request.getResponseHeader(name);
        reject(readProblem(request.status, header, request.responseText));
      }
    };
    const form = new FormData();
    form.append('file', file, file.name);
    request.send(form);
  });
}
