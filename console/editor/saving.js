import { correct, restore } from '../api/images.js';
import { describe, text } from '../page/messages.js';
import { toast } from '../page/toasts.js';
import { toEntries } from './circles.js';
import { dropDraft } from './draft.js';

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
