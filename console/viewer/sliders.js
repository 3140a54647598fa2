import { length, number, score } from '../page/format.js';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';

const SCORE_STEP = 0.01;

/** Choose from which score circles count, and which sizes are shown. */
export function Sliders({ image, state, actions, sizes, setSizes, lowest, range, mmPerPx }) {
  const { cut } = state;
  const usual = image.threshold ?? 0;
  const size = (px) => (mmPerPx ? `${length(px * mmPerPx)} mm` : `${number(px)} px`);
  const shown = [Math.max(sizes[0], range[0]), Math.min(sizes[1], range[1])];
  return html`
    <div class="sliders">
      <label class="slider">
        <span>${text.viewer.score}</span>
        <input type="range" min=${stepBelow(Math.min(lowest, usual))} max="1" step=${SCORE_STEP}
          value=${cut} list="usual"
          aria-valuetext=${text.viewer.scoreSays(score(cut))}
          onInput=${(event) => actions.setCut(snap(Number(event.target.value), usual))} />
        <output>${score(cut)}</output>
        <datalist id="usual"><option value=${usual} /></datalist>
      </label>
      <p class="slider-hint">
        ${
          cut === usual
            ? text.viewer.usualCut
            : html`
          ${cut < usual ? text.viewer.lowerCut : text.viewer.higherCut}${' '}
          <button type="button" class="link" onClick=${() => actions.setCut(usual)}>
            ${text.viewer.backTo(score(usual))}</button>`
        }
      </p>
      <div class="slider">
        <span id="size-label">${text.viewer.size}</span>
        <div class="slider-two" role="group" aria-labelledby="size-label"
          style=${band(shown, range)}>
          ${[0, 1].map(
            (end) => html`
            <input type="range" key=${end} min=${range[0]} max=${range[1]} step="1"
              value=${shown[end]}
              aria-label=${text.viewer.sizeEnds[end]} aria-valuetext=${size(shown[end])}
              onInput=${(event) =>
                setSizes(withEnd(sizes, shown, range, end, Number(event.target.value)))} />`,
          )}
        </div>
        <output>${size(shown[0])} – ${size(shown[1])}</output>
      </div>
    </div>`;
}

/** Return a score that is a whole number of steps, so that all that the slider reaches are. */
function stepBelow(score) {
  return Number((Math.floor(score / SCORE_STEP) * SCORE_STEP).toFixed(2));
}

/** Return the usual cut where the slider is as near to it as it can be. */
function snap(value, usual) {
  return Math.abs(value - usual) < SCORE_STEP * 0.75 ? usual : value;
}

/** Return the shown sizes after one end was moved. At the end of the slider there is no limit. */
function withEnd([least, most], shown, range, end, value) {
  if (end === 0) return [value <= range[0] ? 0 : Math.min(value, shown[1]), most];
  return [least, value >= range[1] ? Infinity : Math.max(value, shown[0])];
}

function band([least, most], [first, last]) {
  const part = (value) => `${((value - first) / (last - first || 1)) * 100}%`;
  return { '--from': part(least), '--to': part(most) };
}
