import { circleAt } from './circles.js';

/*
 * Mouse, pen and touch on the picture. In mode "add" a drag from the centre draws a circle, and a
 * click puts one of the usual size. Otherwise a click selects, a drag of the selected circle moves
 * it, a drag of its handle resizes it, and any other drag is left to zoom and pan.
 */
const CLICK_PX = 5;
const SLACK_PX = { mouse: 4, pen: 8, touch: 14 };
const LEAST_RADIUS = 2;

/**
 * Return the listeners of the picture.
 *
 * @param look returns { circles, selected, mode, usual, scale, toPicture(event) }; scale is screen
 *   pixels for each pixel of the picture
 * @param ghost store of the circle that is being drawn, moved or resized
 * @param actions of the editor
 */
export function pointerListeners(look, ghost, actions) {
  let drag = null;

  function down(event) {
    if (drag && event.pointerId !== drag.pointerId) return cancel();
    if (event.button !== 0) return undefined;
    const { circles, selected, mode, scale, toPicture } = look();
    const [x, y] = toPicture(event);
    const slack = (SLACK_PX[event.pointerType] ?? 8) / scale;
    const chosen = circles.find((circle) => circle.id === selected);
    const hit = circleAt(circles, x, y, slack);
    drag = {
      pointerId: event.pointerId,
      x,
      y,
      clientX: event.clientX,
      clientY: event.clientY,
      moved: false,
    };
    if (event.target.dataset?.handle && chosen) take(event, { kind: 'resize', circle: chosen });
    else if (mode === 'add' || event.shiftKey) take(event, { kind: 'add' });
    else if (
      chosen &&
      Math.hypot(chosen.x - x, chosen.y - y) <= chosen.r + slack &&
      (hit === chosen || !hit)
    ) {
      take(event, { kind: 'move', circle: chosen });
    } else Object.assign(drag, { kind: 'click', hit });
    return undefined;
  }

  /** Take a drag for the editor, so that it does not pan: panzoom listens at the same element. */
  function take(event, what) {
    Object.assign(drag, what);
    event.stopImmediatePropagation();
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
  }

  function move(event) {
    if (!drag || event.pointerId !== drag.pointerId) return;
    drag.moved ||=
      Math.hypot(event.clientX - drag.clientX, event.clientY - drag.clientY) > CLICK_PX;
    if (drag.moved && drag.kind !== 'click') ghost.set(shape(event));
  }

  /** Return the circle that the drag makes so far. */
  function shape(event) {
    const [x, y] = look().toPicture(event);
    const { kind, circle } = drag;
    const from = { id: circle?.id ?? null, x: drag.x, y: drag.y, ...(circle ?? {}) };
    if (kind === 'move') return { ...from, x: circle.x + x - drag.x, y: circle.y + y - drag.y };
    return { ...from, r: Math.max(LEAST_RADIUS, Math.hypot(x - from.x, y - from.y)) };
  }

  function up(event) {
    if (!drag || event.pointerId !== drag.pointerId) return;
    const { kind, moved, circle, hit } = drag;
    const made = moved && kind !== 'click' ? shape(event) : null;
    const usual = { x: drag.x, y: drag.y, r: look().usual };
    cancel();
    if (kind === 'click') {
      if (!moved) actions.select(hit?.id ?? null);
    } else if (kind === 'add') actions.add(made ? { x: made.x, y: made.y, r: made.r } : usual);
    else if (made) actions.redraw(circle.id, { x: made.x, y: made.y, r: made.r });
  }

  function cancel() {
    drag = null;
    ghost.set(null);
  }

  /** Drop the circle that is clicked with the other mouse button. */
  function contextMenu(event) {
    const { circles, scale, toPicture } = look();
    const hit = circleAt(circles, ...toPicture(event), SLACK_PX.mouse / scale);
    if (!hit || event.pointerType === 'touch') return;
    event.preventDefault();
    actions.drop(hit.id);
  }

  return {
    onPointerDown: down,
    onPointerMove: move,
    onPointerUp: up,
    onPointerCancel: cancel,
    onContextMenu: contextMenu,
  };
}
