import { useState } from 'preact/hooks';
import { lettersWork } from '../editor/keyboard.js';
import { Dialog } from '../page/dialog.js';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { keep } from '../page/storage.js';

/** List the keys, and let single letters be switched off. */
export function HelpDialog({ close }) {
  const [letters, setLetters] = useState(lettersWork());
  const change = (event) => {
    keep('letters', event.target.checked);
    setLetters(event.target.checked);
  };
  return html`
    <${Dialog} title=${text.help.title} close=${close} wide>
      <div class="help">
        ${text.help.groups.map(
          ([title, rows]) => html`
          <section key=${title}><h3>${title}</h3>
            <dl>${rows.map(
              ([keys, what]) => html`
              <div key=${keys}>
                <dt>${keys.split(' ').map((key) => html`<kbd key=${key}>${key}</kbd>`)}</dt>
                <dd>${what}</dd></div>`,
            )}
            </dl></section>`,
        )}
      </div>
      <label class="check"><input type="checkbox" checked=${letters} onChange=${change} />
        <span>${text.help.letters}</span></label>
    </${Dialog}>`;
}
