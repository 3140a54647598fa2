import { keep, recall } from '../page/storage.js';
import { begin, change } from './history.js';

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
