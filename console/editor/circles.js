/*
 * The circles of a picture, as the editor knows them. Lengths are pixels of the upright picture.
 *
 * A circle: { id, number, objectId, replaces, x, y, r, score, edge, decided, isObject, doubtful }
 * - objectId is what the API knows it by; null once a person drew, moved or resized it.
 * - decided is true (kept), false (dropped), or null: then its score and the slider decide.
 */

/**
 * Return the circles of the served run.
 *
 * @param objects what counts, best score first
 * @param candidates what does not count by itself, best score first
 * @param image the record
 */
export function readCircles(objects, candidates, image) {
  const reviewed = image.review !== 'none';
  const sure = image.sure_count ?? Infinity;
  return [...objects, ...candidates].map((found, index) => ({
    id: found.object_id,
    number: index + 1,
    objectId: found.object_id,
    originId: found.origin_id,
    replaces: null,
    x: found.centroid[0],
    y: found.centroid[1],
    r: found.radius,
    score: found.score,
    edge: found.edge,
    decided: index < objects.length && (reviewed || found.score === null) ? true : null,
    isObject: index < objects.length,
    doubtful: !reviewed && index >= sure,
    diameterError: found.diameter_error,
  }));
}

/** Whether a circle counts, while the slider stands at `cut`. */
export function isCounted(circle, cut) {
  return circle.decided ?? (circle.score === null || circle.score >= cut);
}

/** Return the circles that count. */
export function counted(circles, cut) {
  return circles.filter((circle) => isCounted(circle, cut));
}

/** Return the circles that a look should decide: doubtful, and not decided yet. */
export function undecided(circles) {
  return circles.filter((circle) => circle.doubtful && circle.decided === null);
}

/** Return what the API takes as a correction. */
export function toEntries(circles, cut) {
  return counted(circles, cut).map((circle) =>
    circle.objectId
      ? { object_id: circle.objectId }
      : {
          centroid: [round(circle.x), round(circle.y)],
          radius: round(circle.r),
          ...(circle.replaces ? { replaces: circle.replaces } : {}),
        },
  );
}

/** Whether saving would change what is served, and is more than a confirmation. */
export function isChanged(circles, cut) {
  return circles.some((circle) => !circle.objectId || isCounted(circle, cut) !== circle.isObject);
}

/** Return a radius to begin with: the median of what counts, or a twentieth of the picture. */
export function usualRadius(circles, image) {
  const radii = circles.map((circle) => circle.r).sort((a, b) => a - b);
  return radii.length ? radii[radii.length >> 1] : Math.min(image.width, image.height) / 20;
}

/**
 * Return the circle at a point, null if there is none: of several the smallest.
 *
 * @param slack how far outside of its rim a circle is still hit
 */
export function circleAt(circles, x, y, slack) {
  let best = null;
  for (const circle of circles) {
    const outside = Math.hypot(circle.x - x, circle.y - y) - circle.r;
    if (outside <= slack && (!best || circle.r < best.r)) best = circle;
  }
  return best;
}

const round = (value) => Math.round(value * 100) / 100;

/* The changes that a person makes to the circles. Each returns a new list. */

/** Add a circle with an id of the page's own. */
export function add(circles, { id, x, y, r }) {
  const number = circles.reduce((most, circle) => Math.max(most, circle.number), 0) + 1;
  const drawn = {
    id,
    number,
    objectId: null,
    originId: null,
    replaces: null,
    x,
    y,
    r,
    score: null,
    edge: false,
    decided: true,
    isObject: false,
    doubtful: false,
    diameterError: null,
  };
  return [...circles, drawn];
}

/** Move or resize a circle: `values` are x, y and r. It is a person's from then on. */
export function redraw(circles, id, values) {
  return circles.map((circle) =>
    circle.id === id
      ? {
          ...circle,
          ...values,
          objectId: null,
          replaces: circle.replaces ?? circle.objectId,
          score: null,
          decided: true,
          diameterError: null,
        }
      : circle,
  );
}

/** Keep or drop a circle. */
export function decide(circles, id, kept) {
  return circles.map((circle) => (circle.id === id ? { ...circle, decided: kept } : circle));
}

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
