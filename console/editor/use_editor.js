import { useCallback, useMemo, useReducer } from 'preact/hooks';
import { newId } from '../page/state.js';
import { isCounted, undecided } from './circles.js';
import * as edits from './circles.js';

/*
 * The state of the editor of one picture: { history, cut, selected, mode }. cut is the slider's
 * score, mode is 'select' or 'add'.
 */
export function beginEditing(circles, cut) {
  return { history: edits.begin(circles), cut, selected: null, mode: 'select' };
}

function reduce(state, action) {
  const circles = state.history?.circles;
  const changed = (next, selected = state.selected) => ({
    ...state,
    history: edits.change(state.history, next),
    selected,
    lastKey: null,
  });
  switch (action.type) {
    case 'begin':
      return action.state;
    case 'add':
      return changed(edits.add(circles, action.circle), action.circle.id);
    case 'redraw':
      return changed(edits.redraw(circles, action.id, action.values));
    case 'nudge':
      return nudge(state, action, changed);
    case 'keep':
      return changed(edits.decide(circles, action.id, true));
    case 'drop':
      return changed(edits.decide(circles, action.id, false));
    case 'undo':
      return { ...state, lastKey: null, history: edits.undo(state.history) };
    case 'redo':
      return { ...state, lastKey: null, history: edits.redo(state.history) };
    case 'cut':
      return { ...state, cut: action.cut };
    case 'select':
      return { ...state, selected: action.id, lastKey: null };
    case 'mode':
      return { ...state, mode: action.mode };
    default:
      throw new Error(action.type);
  }
}

/** Redraw by a key. Presses of the same circle in a row are undone together. */
function nudge(state, { id, values }, changed) {
  const next = edits.redraw(state.history.circles, id, values);
  if (state.lastKey === id) return { ...state, history: { ...state.history, circles: next } };
  return { ...changed(next), lastKey: id };
}

/** Return the editor's state and its actions. */
export function useEditor() {
  const [state, dispatch] = useReducer(reduce, {});
  const run = useCallback((type) => (values) => dispatch({ type, ...values }), []);
  const actions = useMemo(
    () => ({
      begin: (next) => dispatch({ type: 'begin', state: next }),
      add: (circle) => dispatch({ type: 'add', circle: { id: newId(), ...circle } }),
      redraw: (id, values) => dispatch({ type: 'redraw', id, values }),
      nudge: (id, values) => dispatch({ type: 'nudge', id, values }),
      keep: (id) => dispatch({ type: 'keep', id }),
      drop: (id) => dispatch({ type: 'drop', id }),
      undo: run('undo'),
      redo: run('redo'),
      setCut: (cut) => dispatch({ type: 'cut', cut }),
      select: (id) => dispatch({ type: 'select', id }),
      setMode: (mode) => dispatch({ type: 'mode', mode }),
    }),
    [run],
  );
  return [state, actions];
}

/** Return the next doubtful circle after the selected one, or before it (step -1). */
export function nextDoubtful({ history: { circles }, selected }, step) {
  const all = undecided(circles);
  if (!all.length) return null;
  const at = all.findIndex((circle) => circle.id === selected);
  if (at >= 0) return all[(at + step + all.length) % all.length];
  const number = circles.find((circle) => circle.id === selected)?.number ?? 0;
  const later = all.find((circle) => circle.number > number) ?? all[0];
  return step > 0 ? later : all[(all.indexOf(later) - 1 + all.length) % all.length];
}

/** Return the circles that are drawn: what counts, and the selected one. */
export function drawn({ history: { circles }, cut, selected }, [least, most]) {
  return circles.filter(
    (circle) =>
      circle.id === selected ||
      (isCounted(circle, cut) && 2 * circle.r >= least && 2 * circle.r <= most),
  );
}
