import { deleteImage, deleteWhileClosing } from '../api/images.js';
import { describe, nameOf, text } from '../page/messages.js';
import { createStore } from '../page/store.js';
import { toast } from '../page/toasts.js';

/** The ids of images that the page hides because they are deleted, or are about to be. */
export const deleted = createStore(new Set());

const UNDO_MS = 8000;
const waiting = new Map();

/** Delete an image in eight seconds, unless that is undone. Leaving the page deletes at once. */
export function deleteSoon(image) {
  const id = image.image_id;
  hide(id, true);
  waiting.set(
    id,
    setTimeout(() => finish(id), UNDO_MS),
  );
  toast(text.deleting.done(nameOf(image)), {
    forMs: UNDO_MS,
    action: { label: text.undo, run: () => undo(id) },
  });
}

function undo(id) {
  clearTimeout(waiting.get(id));
  waiting.delete(id);
  hide(id, false);
}

async function finish(id) {
  waiting.delete(id);
  try {
    await deleteImage(id);
  } catch (problem) {
    if (problem.status === 404) return;
    hide(id, false);
    toast(describe(problem));
  }
}

function hide(id, hidden) {
  deleted.set((before) => {
    const next = new Set(before);
    if (hidden) next.add(id);
    else next.delete(id);
    return next;
  });
}

addEventListener('pagehide', () => {
  for (const [id, timer] of waiting) {
    clearTimeout(timer);
    deleteWhileClosing(id);
  }
  waiting.clear();
});
