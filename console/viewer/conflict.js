import { Dialog } from '../page/dialog.js';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';

/** Say that the picture was changed elsewhere, and let the person choose. */
export function ConflictDialog({ saving, counts, close }) {
  const { conflict } = saving;
  return html`
    <${Dialog} title=${text.editor.conflict} close=${close}>
      <p>${text.editor.conflictSays(conflict)}</p>
      <p>${text.editor.yours(counts.length)}</p>
      <div class="dialog-actions">
        <button type="button" onClick=${saving.discard}>${text.editor.takeTheirs}</button>
        <button type="button" class="primary" disabled=${!conflict} onClick=${saving.overwrite}>
          ${text.editor.saveMine}</button>
      </div>
    </${Dialog}>`;
}
