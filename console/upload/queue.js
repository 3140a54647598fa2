import { onSignInNeeded, Problem, readProblem } from '../api/client.js';
import { createStore, newId } from '../page/state.js';

/*
 * The queue of files. Each has an Idempotency-Key of its own, so that a file that is sent again
 * never becomes a second image.
 *
 * state: waiting → sending → done (image) | failed (problem). A paused file is waiting with a
 * problem.
 */
export const queue = createStore([]);

/** Called with the record of each image that was stored. */
export const onStored = { call: () => {} };

const AT_ONCE = 3;
const TRIES = 6;
const LONGEST_PAUSE_S = 30;
let running = 0;
let paused = false;

/** Put files into the queue, and start sending. */
export function enqueue(files, batch) {
  const entries = [...files].map((file) => ({
    key: newId(),
    file,
    name: file.name,
    size: file.size,
    batch,
    state: 'waiting',
    sent: 0,
    tries: 0,
    problem: null,
    image: null,
  }));
  queue.set((before) => [...before, ...entries]);
  start();
}

/** Send a failed file again, or all of them. */
export function retry(key) {
  queue.set((before) =>
    before.map((entry) =>
      entry.state === 'failed' && (key === undefined || entry.key === key)
        ? { ...entry, state: 'waiting', tries: 0, problem: null }
        : entry,
    ),
  );
  resume();
}

/** Take a file out of the queue that is not being sent. */
export function remove(key) {
  queue.set((before) => before.filter((entry) => entry.key !== key || entry.state === 'sending'));
}

/** Forget what is done. */
export function clearDone() {
  queue.set((before) => before.filter((entry) => entry.state !== 'done'));
}

/** Continue after a sign-in, or when the network is back. */
function resume() {
  paused = false;
  start();
}

addEventListener('online', resume);

/** Return the numbers of files by state. */
export function count(entries) {
  const found = { waiting: 0, sending: 0, done: 0, failed: 0 };
  for (const entry of entries) found[entry.state] += 1;
  return found;
}

function start() {
  while (running < AT_ONCE && !paused) {
    const next = queue
      .get()
      .find((entry) => entry.state === 'waiting' && !(entry.after > Date.now()));
    if (!next) return;
    running += 1;
    sendOne(next).finally(() => {
      running -= 1;
      start();
    });
  }
}

async function sendOne(entry) {
  change(entry.key, { state: 'sending', sent: 0 });
  try {
    const image = await sendFile(entry, (sent) => change(entry.key, { sent }));
    change(entry.key, { state: 'done', sent: 1, image, file: null, problem: null });
    onStored.call(image);
  } catch (problem) {
    fail(entry, problem);
  }
}

function fail(entry, problem) {
  // Without a network it tries on: the one that is missing may not be the one to the gateway.
  const tries = entry.tries + (problem.status === 0 && !navigator.onLine ? 0 : 1);
  if (problem.status === 401) {
    paused = true;
    change(entry.key, { state: 'waiting', sent: 0, problem });
    onSignInNeeded.call?.().then(resume);
  } else if (problem.passes && tries < TRIES) {
    const pauseS = Math.min(problem.retryAfterS ?? 2 ** tries / 2, LONGEST_PAUSE_S);
    change(entry.key, {
      state: 'waiting',
      sent: 0,
      tries,
      problem,
      after: Date.now() + pauseS * 1000,
    });
    setTimeout(start, pauseS * 1000 + 10);
  } else {
    change(entry.key, { state: 'failed', sent: 0, tries, problem });
  }
}

function change(key, values) {
  queue.set((before) =>
    before.map((entry) => (entry.key === key ? { ...entry, ...values } : entry)),
  );
}

/** The most bytes of a file, as CIRCLES_MAX_UPLOAD_BYTES is unless an operator changed it. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Send a file and return the image's record.
 *
 * XMLHttpRequest, because fetch does not tell how much was sent. Throws Problem.
 */
function sendFile({ key, file, batch }, onProgress) {
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

/** The batch that new pictures are put into, empty for none. */
export const chosenBatch = createStore('');
