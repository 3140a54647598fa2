import { isCounted } from '../editor/circles.js';
import { length, percent, score } from '../page/format.js';
import { html } from '../page/html.js';
import { Icon } from '../page/icons.js';
import { text } from '../page/messages.js';

/** Show the selected circle, to be changed by numbers too: dragging is not for everybody. */
export function Chosen({ circle, state, actions, mmPerPx, setDialog }) {
  const counts = isCounted(circle, state.cut);
  const { x, y, r } = circle;
  const fields = [
    ['x', x, (value) => ({ x: value, y, r })],
    ['y', y, (value) => ({ x, y: value, r })],
    ['diameter', 2 * r, (value) => ({ x, y, r: value / 2 })],
  ];
  const set = (make) => (event) => {
    const value = Number(event.target.value);
    if (Number.isFinite(value) && !(make(value).r <= 0)) actions.redraw(circle.id, make(value));
  };
  const diameter = mmPerPx ? `${length(2 * r * mmPerPx)} mm` : `${length(2 * r)} px`;
  const doubt = mmPerPx && circle.diameterError ? ` ± ${percent(circle.diameterError)}` : '';
  return html`
    <section class="chosen" aria-label=${text.viewer.chooseCircle(circle.number)}>
      <p class="chosen-says" role="status">
        <strong>${text.viewer.chooseCircle(circle.number)}</strong>
        <span>${diameter}${doubt}</span>
        <span>${circle.score === null
          ? text.viewer.byYou : text.viewer.scoreOf(score(circle.score))}</span>
      </p>
      <div class="chosen-fields">
        ${fields.map(
          ([name, value, make]) => html`
          <label key=${name}><span>${text.viewer.fields[name]}</span>
            <input type="number" step="0.5" value=${Math.round(value * 10) / 10}
              onChange=${set(make)} /></label>`,
        )}
      </div>
      <div class="chosen-actions">
        <button type="button" aria-pressed=${counts} onClick=${() => actions.keep(circle.id)}>
          <${Icon} name="check" />${text.editor.keep}</button>
        <button type="button" aria-pressed=${!counts} onClick=${() => actions.drop(circle.id)}>
          <${Icon} name="close" />${text.editor.drop}</button>
        <button type="button" onClick=${() => setDialog('scale')}><${Icon}
          name="ruler" />${text.scale.mark}</button>
      </div>
    </section>`;
}
