import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { getImage, listBatches, listImages } from '../api/routes.js';
import { createStore, gather } from '../page/state.js';
import { onStored } from '../upload/queue.js';

export const PAGE = 48;

/** The ids of the gallery as it was last shown, for "next picture". */
export const lastShown = createStore([]);

/** Return the images of a selection, page by page, and functions that change the list. */
export function useImages(query) {
  const [state, setState] = useState({ images: null, next: null, problem: null });
  const [loading, setLoading] = useState(false);
  const current = useRef();
  const wanted = JSON.stringify(query);

  const load = useCallback(
    async (next) => {
      current.current?.abort();
      const stop = (current.current = new AbortController());
      setLoading(true);
      try {
        const page = await listImages({ ...JSON.parse(wanted), limit: PAGE }, next, stop.signal);
        setState((before) => ({
          images: next ? merge(before.images, page.images) : page.images,
          next: page.next,
          problem: null,
        }));
      } catch (problem) {
        if (problem.name === 'AbortError') return;
        setState((before) => ({ ...before, problem }));
      }
      setLoading(false);
    },
    [wanted],
  );

  useEffect(() => {
    setState({ images: null, next: null, problem: null });
    load();
    return () => current.current?.abort();
  }, [load]);

  useEffect(
    () => lastShown.set((state.images ?? []).map((image) => image.image_id)),
    [state.images],
  );

  const replace = useCallback(
    (images) =>
      setState((before) => ({ ...before, images: before.images && update(before.images, images) })),
    [],
  );
  const prepend = useCallback(
    (images) => setState((before) => ({ ...before, images: merge(images, before.images ?? []) })),
    [],
  );
  return { ...state, loading, load, replace, prepend };
}

/** Add images that are not in the list yet. */
function merge(first, second) {
  const known = new Set(first.map((image) => image.image_id));
  return [...first, ...second.filter((image) => !known.has(image.image_id))];
}

function update(images, changed) {
  const byId = new Map(changed.map((image) => [image.image_id, image]));
  return images.map((image) => byId.get(image.image_id) ?? image);
}

const GATHER_MS = 500;

/**
 * Put images at the top of the list when they are stored.
 *
 * Some at a time: each time the whole gallery moves and is painted again.
 */
export function useStored(selection, prepend, added) {
  const latest = useRef();
  latest.current = { selection, added };
  useEffect(() => {
    let stored = [];
    const puts = gather(() => {
      const { selection: wanted, added: tell } = latest.current;
      prepend(stored.filter((image) => belongs(image, wanted)));
      tell(stored);
      stored = [];
    }, GATHER_MS);
    onStored.call = (image) => {
      stored = [image, ...stored];
      puts.soon();
    };
    return () => {
      onStored.call = () => {};
      puts.stop();
    };
  }, [prepend]);
}

/** Return whether an image is one of a selection. */
function belongs(image, { order, min_count: least, max_count: most, ...same }) {
  const count = image.object_count;
  const counted = count !== null || (least ?? most) === undefined;
  const within = !(count < Number(least ?? 0)) && !(count > Number(most ?? Infinity));
  return counted && within && Object.keys(same).every((name) => image[name] === same[name]);
}

const FIRST_PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 15000;
const AT_ONCE = 12;

/**
 * Ask for pending images until none is, at growing intervals.
 *
 * Only while the page is visible, so that functions go to sleep.
 */
export function usePolling(images, replace) {
  const pending = (images ?? []).filter((image) => image.status === 'pending').slice(0, AT_ONCE);
  const ids = pending.map((image) => image.image_id).join(' ');
  useEffect(() => {
    if (!ids) return undefined;
    let pause = FIRST_PAUSE_MS;
    let timer;
    const tick = async () => {
      if (document.visibilityState === 'visible') {
        const asked = ids.split(' ').map((id) => getImage(id).catch(() => null));
        const found = (await Promise.all(asked)).filter((image) => image?.status !== 'pending');
        if (found.filter(Boolean).length) replace(found.filter(Boolean));
        pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
      }
      timer = setTimeout(tick, pause);
    };
    timer = setTimeout(tick, pause);
    return () => clearTimeout(timer);
  }, [ids, replace]);
}

/** Return the names of the newest batches, and a function that reads them again. */
export function useBatches() {
  const [names, setNames] = useState([]);
  const reload = useCallback(async () => {
    try {
      setNames((await listBatches()).batches.map((batch) => batch.batch));
    } catch {
      // The gallery itself says what is wrong.
    }
  }, []);
  useEffect(() => {
    reload();
  }, [reload]);
  return [names, reload];
}
