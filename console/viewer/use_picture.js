import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { getImage, getObjects, listImages, LOWEST_SCORE } from '../api/routes.js';
import { readCircles } from '../editor/circles.js';
import { dropDraft, keepDraft, recallDraft, save } from '../editor/saving.js';
import { beginEditing } from '../editor/use_editor.js';
import { lastShown } from '../gallery/list.js';
import { describe, text } from '../page/messages.js';
import { toast } from '../page/parts.js';
import { open, pictureAddress } from '../page/state.js';

/**
 * Return { image, problem } of a picture, and functions to load it again.
 *
 * `begin` gets the editor's first state as soon as the circles are here: that of a draft, if a page
 * that was closed left one of the same run.
 */
export function usePicture(id, begin) {
  const [found, setFound] = useState({ image: null, problem: null });
  const current = useRef();

  const load = useCallback(
    async ({ keepEdits = false } = {}) => {
      current.current?.abort();
      const { signal } = (current.current = new AbortController());
      try {
        const image = await getImage(id, signal);
        const circles = keepEdits || !image.served ? null : await readAll(image, signal);
        if (signal.aborted) return null;
        setFound({ image, problem: null });
        if (circles) begin(recallDraft(image) ?? beginEditing(circles, image.threshold ?? 0));
        return image;
      } catch (problem) {
        if (problem.name !== 'AbortError') setFound((before) => ({ ...before, problem }));
        return null;
      }
    },
    [id, begin],
  );

  useEffect(() => {
    setFound({ image: null, problem: null });
    begin({});
    load();
    return () => current.current?.abort();
  }, [load, begin]);

  const setImage = useCallback((image) => setFound({ image, problem: null }), []);
  return { ...found, load, setImage };
}

/** Return the circles of the served run, with the candidates that the slider reveals. */
async function readAll(image, signal) {
  const id = image.image_id;
  if (image.threshold === null) {
    return readCircles(await getObjects(id, { signal }), [], image);
  }
  const [objects, all] = await Promise.all([
    getObjects(id, { run: image.served, signal }),
    getObjects(id, { run: image.served, minScore: LOWEST_SCORE, signal }),
  ]);
  const known = new Set(objects.map((found) => found.object_id));
  return readCircles(
    objects,
    all.filter((found) => !known.has(found.object_id)),
    image,
  );
}

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

/**
 * Return what stands beside a picture in the gallery: { position, count, go(step), toCheck() }.
 *
 * toCheck opens the next picture that no person looked at, the most doubtful first, and returns
 * whether there is one.
 */
export function useNeighbours(id) {
  const [ids, setIds] = useState(lastShown.get());
  useEffect(() => setIds(lastShown.get()), [id]);
  const at = ids.indexOf(id);
  const go = (step) => {
    const other = at < 0 ? null : ids[at + step];
    if (other) open(pictureAddress(other));
  };
  const toCheck = async () => {
    const query = { review: 'none', status: 'detected', order: 'doubt', limit: 2 };
    const found = (await listImages(query)).images.find((image) => image.image_id !== id);
    if (found) open(pictureAddress(found.image_id));
    return Boolean(found);
  };
  return {
    position: at,
    count: ids.length,
    hasNext: at >= 0 && at + 1 < ids.length,
    hasPrevious: at > 0,
    go,
    toCheck,
  };
}
