import { useCallback, useEffect, useState } from 'preact/hooks';
import { listBatches } from '../api/images.js';

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
