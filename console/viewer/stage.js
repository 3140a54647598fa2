import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { contract } from '../api/contract.js';
import { sourcesOf } from '../api/pictures.js';
import { usualRadius } from '../editor/circles.js';
import { pointerListeners } from '../editor/pointer.js';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { Picture } from '../page/picture.js';
import { createStore, useStore } from '../page/store.js';
import { Circles, Ghost } from './drawing.js';
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
