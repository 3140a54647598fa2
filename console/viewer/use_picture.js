import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { getImage, getObjects, LOWEST_SCORE } from '../api/images.js';
import { readCircles } from '../editor/circles.js';
import { beginEditing } from '../editor/use_editor.js';
import { recallDraft } from '../editor/draft.js';

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
