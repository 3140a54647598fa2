import { correct, restore } from '../api/routes.js';
import { describe, text } from '../page/messages.js';
import { toast } from '../page/parts.js';
import { keep, recall } from '../page/state.js';
import { begin, change, toEntries } from './circles.js';

/**
 * Save what counts as a person's run, or confirm what is served.
 *
 * @param served the run that must be served still; another one is a conflict
 * @param reload loads the picture anew
 * @returns 'saved', 'conflict' if another page saved meanwhile, 'gone', or 'failed'
 */
export async function save(image, state, basedOn, served, reload) {
  const before = image.served;
  try {
    const run = await correct(
      image.image_id,
      served,
      basedOn,
      toEntries(state.history.circles, state.cut),
    );
    dropDraft(image);
    await reload();
    const takeBack = () => bringBack(image, run.detection_id, before, reload);
    toast(text.editor.saved(run), { action: { label: text.undo, run: takeBack } });
    return 'saved';
  } catch (problem) {
    if (problem.status === 412) return 'conflict';
    if (problem.status === 404) return 'gone';
    if (problem.status !== 401) toast(describe(problem));
    return 'failed';
  }
}

/** Serve an earlier run. Returns whether it is served. */
export async function bringBack(image, served, run, reload) {
  try {
    await restore(image.image_id, served, run);
    dropDraft(image);
    await reload();
    return true;
  } catch (problem) {
    toast(problem.status === 412 ? text.editor.changedMeanwhile : describe(problem));
    return false;
  }
}

/*
 * What was edited and not saved, kept in the browser: an expired sign-in, a crash or a closed tab
 * loses nothing. One draft for each picture; the oldest go when there are many.
 */
const MOST = 20;
const MAX_AGE_MS = 7 * 24 * 3600 * 1000;

/** Return the editor's state with the draft of this run, null if there is none. */
export function recallDraft(image) {
  const draft = (recall('drafts') ?? {})[image.image_id];
  if (!draft || draft.served !== image.served || Date.now() - draft.at > MAX_AGE_MS) return null;
  return {
    history: change(begin(draft.original), draft.circles),
    cut: draft.cut,
    selected: null,
    mode: 'select',
    recalled: true,
  };
}

/** Keep what was edited. */
export function keepDraft(image, { history, cut }) {
  const original = history.past[0] ?? history.circles;
  put(image.image_id, {
    served: image.served,
    at: Date.now(),
    original,
    circles: history.circles,
    cut,
  });
}

/** Forget the draft of a picture. */
export function dropDraft(image) {
  if ((recall('drafts') ?? {})[image.image_id]) put(image.image_id, null);
}

function put(id, draft) {
  const { [id]: _, ...others } = recall('drafts') ?? {};
  const newest = Object.entries(others)
    .sort(([, a], [, b]) => b.at - a.at)
    .slice(0, MOST - 1);
  keep('drafts', Object.fromEntries(draft ? [[id, draft], ...newest] : newest));
}
