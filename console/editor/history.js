/*
 * What was done to the circles, to be undone: { past, circles, future }. Every change makes a new
 * list; circles that did not change stay the same objects.
 */

export const begin = (circles) => ({ past: [], circles, future: [] });

export const canUndo = (history) => history.past.length > 0;
export const canRedo = (history) => history.future.length > 0;

/** Return the history after a change. */
export function change(history, circles) {
  return { past: [...history.past, history.circles], circles, future: [] };
}

export function undo({ past, circles, future }) {
  if (!past.length) return { past, circles, future };
  return { past: past.slice(0, -1), circles: past.at(-1), future: [circles, ...future] };
}

export function redo({ past, circles, future }) {
  if (!future.length) return { past, circles, future };
  return { past: [...past, circles], circles: future[0], future: future.slice(1) };
}
