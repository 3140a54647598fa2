import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { contract, sourcesOf } from '../api/routes.js';
import { usualRadius } from '../editor/circles.js';
import { pointerListeners } from '../editor/pointer.js';
import { html, memo } from '../page/html.js';
import { text } from '../page/messages.js';
import { Picture } from '../page/parts.js';
import { createStore, useStore } from '../page/state.js';
import { startZoom } from './zoom.js';

const WIDTH = 2048;

/** Show the picture and its circles, to be edited. `steer` gets the functions of zoom. */
export function Stage({
  image,
  state,
  circles,
  counts,
  actions,
  hovered,
  setHovered,
  steer,
  others,
}) {
  const frame = useRef();
  const sheet = useRef();
  const [scale, setScale] = useState(1);
  const ghost = useMemo(() => createStore(null), [image.image_id]);
  const latest = useRef();
  latest.current = { circles, state, counts };

  useEffect(() => {
    const zoom = startZoom(frame.current, sheet.current, image, settled(setScale));
    steer.current = zoom;
    return () => zoom.stop();
  }, [image.image_id]);

  const listeners = useMemo(
    () =>
      pointerListeners(
        () => ({
          circles: latest.current.circles,
          selected: latest.current.state.selected,
          mode: latest.current.state.mode,
          usual: usualRadius(latest.current.counts, image),
          scale: steer.current.scale(),
          toPicture: steer.current.toPicture,
        }),
        ghost,
        actions,
      ),
    [image.image_id],
  );

  const chosen = circles.find((circle) => circle.id === state.selected);
  return html`
    <div class=${`stage stage-${state.mode}`} ref=${frame} data-stage tabindex="0"
      role="application"
      aria-label=${text.viewer.stage(counts.length)} aria-describedby="keys-hint" ...${listeners}
      onMouseMove=${(event) => setHovered(event.target.closest?.('[data-id]')?.dataset.id ?? null)}
      onMouseLeave=${() => setHovered(null)}>
      <div class="sheet" ref=${sheet}>
        <${Sheet} key=${image.image_id} id=${image.image_id} />
        <svg viewBox=${`0 0 ${image.width} ${image.height}`} aria-hidden="true">
          <${DraggedCircles} ghost=${ghost} circles=${circles} selected=${state.selected}
            hovered=${hovered} scale=${scale} cut=${state.cut} others=${others} />
          <${Ghost} store=${ghost} selected=${chosen} />
        </svg>
      </div>
      <p class="unseen" id="keys-hint">${text.viewer.keysHint}</p>
    </div>`;
}

/** Draw the circles without the one that is being dragged. */
function DraggedCircles({ ghost, ...rest }) {
  const [dragged, setDragged] = useState(null);
  useEffect(() => ghost.watch((circle) => setDragged(circle?.id ?? null)), [ghost]);
  return html`<${Circles} dragged=${dragged} ...${rest} />`;
}

/** Show the picture as soon as it is known which sizes there are. */
function Sheet({ id }) {
  const known = useStore(contract);
  const none = html`<p class="sheet-none">${text.viewer.noPicture}</p>`;
  return known !== undefined && html`<${Picture} sources=${sourcesOf(id, WIDTH)} otherwise=${none}
    draggable=${false} />`;
}

/** Return a function that passes a value on once it has stopped changing. */
function settled(pass, afterMs = 120) {
  let timer;
  return (value) => {
    clearTimeout(timer);
    timer = setTimeout(pass, afterMs, value);
  };
}

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
function Ghost({ store, selected }) {
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
