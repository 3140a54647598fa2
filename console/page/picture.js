import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from './html.js';

const PAUSES_MS = [800, 2500, 6000];

/**
 * Show the first of several sources that can be shown, and `otherwise` if none can.
 *
 * Each is tried some times, because a function that starts, or a network that changes, is no reason
 * to give up.
 */
export function Picture({ sources, otherwise, ...attributes }) {
  const [tries, setTries] = useState(0);
  const timer = useRef();
  useEffect(() => () => clearTimeout(timer.current), []);
  const each = PAUSES_MS.length + 1;
  const source = sources[Math.floor(tries / each)];
  if (!source) return otherwise;
  const failed = () => {
    const pause = PAUSES_MS[tries % each] ?? 0;
    timer.current = setTimeout(() => setTries(tries + 1), pause);
  };
  return html`<img key=${tries} src=${source} alt="" decoding="async" onError=${failed}
    ...${attributes} />`;
}
