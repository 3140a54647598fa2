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
