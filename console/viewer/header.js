import { canRedo, canUndo } from '../editor/circles.js';
import { number } from '../page/format.js';
import { html, Icon } from '../page/html.js';
import { nameOf, text } from '../page/messages.js';
import { galleryAddress } from '../page/state.js';
import { permission } from '../session/session.js';
import { TakeAway } from '../takeaway/takeaway.js';

/** Show the picture's name and count, and what can be done with all of it. */
export function Header({ image, state, counts, dirty, saving, neighbours, setDialog, picture }) {
  const forbidden = permission('post', '/images/{image_id}/detections');
  return html`
    <header class="viewer-header">
      <a class="button icon" href=${galleryAddress(image.batch ? { batch: image.batch } : {})}
        aria-label=${text.viewer.back} title=${text.viewer.back}><${Icon} name="back" /></a>
      <div class="viewer-name">
        <h1 title=${nameOf(image)}><bdi>${nameOf(image)}</bdi></h1>
        <p>${(dirty && forbidden) || text.viewer.reviewSays(image)}</p>
      </div>
      ${
        neighbours.count > 1 &&
        neighbours.position >= 0 &&
        html`
        <div class="viewer-neighbours" role="group" aria-label=${text.viewer.neighbours}>
          <button type="button" class="icon" disabled=${!neighbours.hasPrevious}
            aria-label=${text.viewer.previous}
            title=${text.viewer.previous} onClick=${() => neighbours.go(-1)}><${Icon} name="back" />
              </button>
          <span>${number(neighbours.position + 1)} / ${number(neighbours.count)}</span>
          <button type="button" class="icon" disabled=${!neighbours.hasNext}
            aria-label=${text.viewer.next}
            title=${text.viewer.next} onClick=${() => neighbours.go(1)}><${Icon} name="next" />
              </button>
        </div>`
      }
      <div class="viewer-actions">
        <${TakeAway} image=${image} picture=${picture} cut=${state.cut} setDialog=${setDialog} />
        <button type="button" onClick=${() => setDialog('scale')}>
          <${Icon} name="ruler" /><span>${text.scale.open}</span>
            </button>
        ${
          dirty &&
          html`
          <button type="button" disabled=${saving.busy || Boolean(forbidden)}
            title=${forbidden || undefined}
            onClick=${saving.save}>${text.editor.save(counts.length)}</button>`
        }
        <button type="button" class="primary" disabled=${saving.busy || Boolean(forbidden)}
          title=${forbidden || text.editor.confirmHint} onClick=${saving.confirm}>
          <${Icon} name="check" />
            <span>${dirty ? text.editor.saveAndNext : text.editor.confirm}</span></button>
      </div>
    </header>`;
}

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
