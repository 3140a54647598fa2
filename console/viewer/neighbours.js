import { useEffect, useState } from 'preact/hooks';
import { listImages } from '../api/images.js';
import { lastShown } from '../gallery/list.js';
import { open, pictureAddress } from '../page/router.js';

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
