/**
 * Return how two sets of circles differ: { both, onlyFirst, onlySecond }.
 *
 * Two circles are the same thing if the centre of each lies within half the smaller radius of the
 * other's. Of several the nearest is taken, largest circles first.
 */
export function compareCircles(first, second) {
  const free = new Set(second);
  let both = 0;
  for (const one of [...first].sort((a, b) => b.r - a.r)) {
    let best = null;
    let nearest = Infinity;
    for (const other of free) {
      const distance = Math.hypot(one.x - other.x, one.y - other.y);
      if (distance < nearest && distance <= Math.min(one.r, other.r) / 2)
        [best, nearest] = [other, distance];
    }
    if (best) {
      free.delete(best);
      both += 1;
    }
  }
  return { both, onlyFirst: first.length - both, onlySecond: free.size };
}
