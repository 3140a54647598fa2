import { memo } from '../page/memo.js';
import { html } from '../page/html.js';
import { useStore } from '../page/store.js';

/* The circles on the picture. The smallest lie on top, so that all can be clicked. */
const LEAST_LABELLED_PX = 11;

/** Draw circles. Those of another run, to compare, lie below. */
export const Circles = memo(function Circles({
  circles,
  selected,
  hovered,
  dragged,
  scale,
  cut,
  others,
}) {
  const order = [...circles].sort((a, b) => b.r - a.r);
  return html`
    ${others?.map(
      (other) => html`<circle key=${`other ${other.object_id}`} class="other"
      cx=${other.centroid[0]} cy=${other.centroid[1]} r=${other.radius} />`,
    )}
    ${order.map(
      (circle) => html`
      <${Drawn} key=${circle.id} circle=${circle}
        looks=${looksOf(circle, { selected, hovered, dragged, cut })}
        labelled=${circle.r * scale >= LEAST_LABELLED_PX ||
        [selected, hovered].includes(circle.id)} />`,
    )}`;
});

function looksOf(circle, { selected, hovered, dragged, cut }) {
  const unsure = circle.doubtful && circle.decided === null;
  const counts = circle.decided ?? (circle.score === null || circle.score >= cut);
  return [
    'circle',
    circle.objectId ? '' : 'mine',
    unsure ? 'unsure' : '',
    counts ? '' : 'left-out',
    circle.id === selected ? 'selected' : '',
    circle.id === hovered ? 'hovered' : '',
    circle.id === dragged ? 'dragged' : '',
  ]
    .filter(Boolean)
    .join(' ');
}

const Drawn = memo(function Drawn({ circle, looks, labelled }) {
  const { id, x, y, r, number } = circle;
  return html`
    <g class=${looks} data-id=${id}>
      <circle class="casing" cx=${x} cy=${y} r=${r} />
      <circle class="line" cx=${x} cy=${y} r=${r} />
      ${labelled && html`<text x=${x} y=${y}>${number}</text>`}
    </g>`;
});

/** Draw what is being added, moved or resized, and the handle of the selected circle. */
export function Ghost({ store, selected }) {
  const ghost = useStore(store);
  const circle = ghost ?? selected;
  if (!circle) return null;
  const { x, y, r } = circle;
  return html`
    <g class=${`circle ghost ${ghost ? 'drawing' : ''}`}>
      ${ghost && html`<circle class="casing" cx=${x} cy=${y} r=${r} />
        <circle class="line" cx=${x} cy=${y} r=${r} />`}
      <circle class="centre" cx=${x} cy=${y} />
      ${[
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ].map(
        ([right, down]) => html`
        <circle key=${`${right}${down}`}
          class=${right ? 'handle handle-across' : 'handle handle-along'}
          data-handle="rim" cx=${x + right * r} cy=${y + down * r} />`,
      )}
    </g>`;
}
