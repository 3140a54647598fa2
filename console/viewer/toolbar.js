import { canRedo, canUndo } from '../editor/history.js';
import { html } from '../page/html.js';
import { Icon } from '../page/icons.js';
import { text } from '../page/messages.js';

/** The tools over the picture. */
export function Toolbar({ state, actions, steer, addInMiddle, flipped, flip, help }) {
  const { history, mode } = state;
  const tools = [
    [
      [
        'cursor',
        text.tools.select,
        () => actions.setMode('select'),
        { pressed: mode === 'select' },
      ],
      ['add', text.tools.add, () => actions.setMode('add'), { pressed: mode === 'add' }],
    ],
    [
      ['undo', text.tools.undo, actions.undo, { disabled: !canUndo(history) }],
      ['redo', text.tools.redo, actions.redo, { disabled: !canRedo(history) }],
    ],
    [
      ['zoomOut', text.tools.zoomOut, () => steer.current.zoomBy(-1), {}],
      ['fit', text.tools.fit, () => steer.current.fit(), {}],
      ['zoomIn', text.tools.zoomIn, () => steer.current.zoomBy(1), {}],
    ],
    [
      ['eye', text.tools.flip, flip, { pressed: flipped }],
      ['help', text.tools.help, help, {}],
    ],
  ];
  return html`
    <div class="toolbar" role="toolbar" aria-label=${text.tools.title}>
      ${tools.map(
        (group, index) => html`<div key=${index} class="tools">
        ${group.map(
          ([icon, label, run, { pressed, disabled }]) => html`
          <button type="button" key=${icon} class="icon" title=${label} aria-label=${label}
            aria-pressed=${pressed} disabled=${disabled} onClick=${run}><${Icon} name=${icon} />
              </button>`,
        )}
      </div>`,
      )}
      ${
        mode === 'add' &&
        html`<p class="tools-hint">${text.tools.addHint}
        <button type="button" class="link" onClick=${addInMiddle}>${text.tools.addInMiddle}</button>
          </p>`
      }
    </div>`;
}
