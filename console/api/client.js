import { createStore } from '../page/state.js';

/** How many requests wait for functions that are starting. */
export const waking = createStore(0);

/** Called when the API wants a sign-in; returns when there was one, and the request is repeated. */
export const onSignInNeeded = { call: null };

const LONGEST_WAIT_S = 90;
const FIRST_PAUSE_S = 0.5;
const LONGEST_PAUSE_S = 5;

/**
 * Send a request and return the response.
 *
 * A request that only reads, or has an Idempotency-Key, is repeated while the functions start. All
 * are repeated after a sign-in. Throws Problem.
 */
export async function send(path, { method = 'GET', headers = {}, body, signal, repeat } = {}) {
  const mayRepeat = repeat ?? (method === 'GET' || 'Idempotency-Key' in headers);
  const end = Date.now() + LONGEST_WAIT_S * 1000;
  let pauseS = FIRST_PAUSE_S;
  let waits = false;
  try {
    for (;;) {
      try {
        return await once(path, { method, headers, body, signal });
      } catch (error) {
        if (error.status === 401 && onSignInNeeded.call) {
          await onSignInNeeded.call();
          signal?.throwIfAborted();
          continue;
        }
        if (!mayRepeat || !passes(error) || Date.now() > end) throw error;
        if (!waits) waking.set((count) => count + 1);
        waits = true;
        await sleep(Math.min(error.retryAfterS ?? pauseS, LONGEST_PAUSE_S), signal);
        pauseS = Math.min(pauseS * 2, LONGEST_PAUSE_S);
      }
    }
  } finally {
    if (waits) waking.set((count) => count - 1);
  }
}

/** Send a request and return the document of its answer, null without one. */
export async function ask(path, options = {}) {
  const response = await send(path, {
    ...options,
    headers: {
      ...(options.json ? { 'Content-Type': 'application/json' } : {}),
      ...options.headers,
    },
    body: options.json ? JSON.stringify(options.json) : options.body,
  });
  return response.status === 204 ? null : response.json();
}

async function once(path, { method, headers, body, signal }) {
  let response;
  try {
    response = await fetch(path, { method, headers, body, signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem({});
  }
  if (response.ok) return response;
  throw readProblem(response.status, (name) => response.headers.get(name), await response.text());
}

function passes(error) {
  return error instanceof Problem && [0, 429, 502, 503, 504].includes(error.status);
}

function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('stopped', 'AbortError'));
    });
  });
}

/** What the API, or the way to it, answered instead of a result. */
export class Problem extends Error {
  constructor({ status = 0, code = 'network', title = '', detail = '', retryAfterS = null }) {
    super(detail || title || code);
    Object.assign(this, { status, code, title, detail, retryAfterS });
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return [0, 408, 429, 500, 502, 503, 504].includes(this.status);
  }
}

/** Return the problem that a response tells: RFC 9457, or only a status. */
export function readProblem(status, header, text) {
  let body = {};
  try {
    body = JSON.parse(text) ?? {};
  } catch {
    // Not the product's: a proxy between.
  }
  return new Problem({
    status,
    code: String(body.type ?? '').replace('urn:circles:problem:', '') || `http-${status}`,
    title: body.title ?? '',
    detail: body.detail ?? '',
    retryAfterS: Number(header('Retry-After')) || null,
  });
}
