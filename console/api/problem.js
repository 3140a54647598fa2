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
