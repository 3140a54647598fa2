import { useEffect, useRef } from 'preact/hooks';
import { recall } from '../page/state.js';
import { nextDoubtful } from './use_editor.js';

/*
 * The keys of the viewer. Single letters work while no field has the focus, and can be switched off
 * (WCAG 2.1.4). Arrows move, and + and - resize, only while the picture has the focus.
 */
const FIELD = 'input:not([type=range]):not([type=checkbox]), select, textarea, dialog *';
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAST = 10;

/** Whether single letters do something. */
export const lettersWork = () => recall('letters') !== false;

/**
 * Listen to keys while the viewer is open.
 *
 * @param state of the editor
 * @param actions of the editor
 * @param more { show(circle), addInMiddle(), confirm(), fit(), flip(), next(step), help(),
 *   nothingDoubtful() }
 */
export function useKeys(state, actions, more) {
  const latest = useRef();
  latest.current = { state, actions, more };
  useEffect(() => {
    const listener = (event) => {
      if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open]')) return;
      if (!latest.current.state.history || event.target.matches?.(FIELD)) return;
      if (press(event, latest.current)) event.preventDefault();
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}

function press(event, { state, actions, more }) {
  const { key, ctrlKey, metaKey, shiftKey } = event;
  if (ctrlKey || metaKey) {
    if (key.toLowerCase() === 'z') return shiftKey ? act(actions.redo) : act(actions.undo);
    return key.toLowerCase() === 'y' && act(actions.redo);
  }
  if (event.target.closest?.('[data-stage]') && onPicture(event, state, actions)) return true;
  if (key === 'Enter') return isButton(event) ? false : act(more.confirm);
  if (key === 'Escape')
    return act(() => {
      actions.setMode('select');
      actions.select(null);
    });
  if (key === 'Delete' || key === 'Backspace') return drop(state, actions, more);
  return lettersWork() && letter(key.toLowerCase(), state, actions, more);
}

function letter(key, state, actions, more) {
  switch (key) {
    case 'j':
      return go(state, actions, more, 1);
    case 'k':
      return go(state, actions, more, -1);
    case 'a':
      return keepAndGo(state, actions, more);
    case 'x':
      return drop(state, actions, more);
    case 'n':
      return act(more.addInMiddle);
    case 'd':
      return act(() => actions.setMode(state.mode === 'add' ? 'select' : 'add'));
    case 'b':
      return act(more.flip);
    case '0':
      return act(more.fit);
    case '.':
      return act(() => more.next(1));
    case ',':
      return act(() => more.next(-1));
    case '?':
      return act(more.help);
    default:
      return false;
  }
}

/** Move and resize the selected circle, and zoom. */
function onPicture({ key, shiftKey }, state, actions) {
  const circle = state.history.circles.find((each) => each.id === state.selected);
  if (!circle) return false;
  const step = shiftKey ? FAST : 1;
  if (ARROWS[key]) {
    const [x, y] = ARROWS[key];
    return act(() =>
      actions.nudge(circle.id, { x: circle.x + x * step, y: circle.y + y * step, r: circle.r }),
    );
  }
  const grow = { '+': 1, '=': 1, '-': -1, _: -1 }[key];
  if (!grow) return false;
  const r = Math.max(2, circle.r + grow * step);
  return act(() => actions.nudge(circle.id, { x: circle.x, y: circle.y, r }));
}

function go(state, actions, more, step) {
  const circle = nextDoubtful(state, step);
  if (!circle) return act(more.nothingDoubtful);
  return act(() => {
    actions.select(circle.id);
    more.show(circle);
  });
}

function keepAndGo(state, actions, more) {
  if (!state.selected) return false;
  const next = nextDoubtful(state, 1);
  actions.keep(state.selected);
  if (next && next.id !== state.selected) {
    actions.select(next.id);
    more.show(next);
  }
  return true;
}

function drop(state, actions, more) {
  if (!state.selected) return false;
  const circle = state.history.circles.find((each) => each.id === state.selected);
  const next = circle?.doubtful ? nextDoubtful(state, 1) : null;
  actions.drop(state.selected);
  const other = next && next.id !== state.selected ? next : null;
  actions.select(other?.id ?? null);
  if (other) more.show(other);
  return true;
}

function act(run) {
  run();
  return true;
}

const isButton = (event) => Boolean(event.target.closest?.('button, a, summary, [role=tab]'));
