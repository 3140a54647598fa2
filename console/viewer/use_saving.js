import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { getImage } from '../api/images.js';
import { dropDraft, keepDraft } from '../editor/draft.js';
import { save } from '../editor/saving.js';
import { describe, text } from '../page/messages.js';
import { toast } from '../page/toasts.js';

/**
 * Return { busy, conflict, save, confirm, overwrite, discard }.
 *
 * `conflict` is the record that another page, or another person, made of this picture since it was
 * opened; what was edited here stays until one of the two is chosen.
 */
export function useSaving({ picture, state, dirty, next, setDialog }) {
  const { image, load } = picture;
  const [busy, setBusy] = useState(false);
  const [conflict, setConflict] = useState(null);
  const began = useRef(image.served); // the run that the circles on the screen belong to
  useEffect(() => {
    began.current = image.served;
    setConflict(null);
  }, [image.served]);
  useDraft(image, state, dirty);
  useOtherPages({ image, dirty, load, setConflict });

  const run = useCallback(
    async (served) => {
      if (busy) return 'busy';
      setBusy(true);
      const outcome = await save(image, state, began.current, served, load);
      setBusy(false);
      if (outcome === 'conflict') {
        const now = await getImage(image.image_id).catch(() => null);
        if (now) setConflict(now);
        setDialog('conflict');
      }
      if (outcome === 'gone') load();
      return outcome;
    },
    [busy, image, state, load],
  );

  const confirm = async () => {
    const done = !dirty && image.review !== 'none';
    if (!done && (await run(image.served)) !== 'saved') return;
    try {
      if (!(await next())) toast(text.editor.allChecked);
    } catch (problem) {
      toast(describe(problem));
    }
  };
  const discard = () => {
    dropDraft(image);
    setDialog(null);
    load();
  };
  const overwrite = async () => {
    setDialog(null);
    await run(conflict.served);
  };
  return { busy, conflict, confirm, discard, overwrite, save: () => run(image.served) };
}

/** Keep what was edited in the browser until it is saved. */
function useDraft(image, state, dirty) {
  useEffect(() => {
    if (dirty) keepDraft(image, state);
    else dropDraft(image);
  }, [state.history, state.cut, dirty]);
}

/** Look at the record when the page is shown again: another page may have changed the picture. */
function useOtherPages({ image, dirty, load, setConflict }) {
  useEffect(() => {
    const look = async () => {
      if (document.visibilityState !== 'visible') return;
      const now = await getImage(image.image_id).catch((problem) => problem);
      if (now.status === 404) load();
      else if (now.served && now.served !== image.served) {
        if (dirty) setConflict(now);
        else load();
      }
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [image.served, dirty, load]);
}
