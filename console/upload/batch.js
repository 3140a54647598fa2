import { createStore } from '../page/store.js';

/** The batch that new pictures are put into, empty for none. */
export const chosenBatch = createStore('');
