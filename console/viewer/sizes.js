import { useState } from 'preact/hooks';
import { exact, length, number, score } from '../page/format.js';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';

const SCORE_STEP = 0.01;

/** Choose from which score circles count, and which sizes are shown. */
export function Sliders({ image, state, actions, sizes, setSizes, lowest, range, mmPerPx }) {
  const { cut } = state;
  const usual = image.threshold ?? 0;
  const bare = (px) => (mmPerPx ? length(px * mmPerPx) : number(px));
  const unit = mmPerPx ? 'mm' : 'px';
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
            ? text.viewer[lowest < usual ? 'usualCut' : 'lowestCut']
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
              aria-label=${text.viewer.sizeEnds[end]}
              aria-valuetext=${`${bare(shown[end])} ${unit}`}
              onInput=${(event) =>
                setSizes(withEnd(sizes, shown, range, end, Number(event.target.value)))} />`,
          )}
        </div>
        <output>${bare(shown[0])} – ${bare(shown[1])} ${unit}</output>
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

const MOST_BINS = 24;
const STEPS = [1, 2, 5];

/**
 * Return bins of equal width with round limits: [{ from, to, count }].
 *
 * @param values positive numbers
 */
function binsOf(values) {
  if (!values.length) return [];
  const least = Math.min(...values);
  const most = Math.max(...values);
  const wanted = Math.max(1, Math.min(MOST_BINS, Math.ceil(Math.sqrt(values.length)) + 2));
  const step = roundUp((most - least || most / 10) / wanted);
  const first = Math.floor(least / step);
  const count = Math.floor(most / step) - first + 1;
  const bins = Array.from({ length: count }, (_, index) => ({
    from: (first + index) * step,
    to: (first + index + 1) * step,
    count: 0,
  }));
  for (const value of values) bins[Math.floor(value / step) - first].count += 1;
  return bins;
}

function roundUp(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return (STEPS.find((each) => each * power >= step) ?? 10) * power;
}

/** Show how many circles there are of each diameter, as bars and as a table. */
export function Histogram({ circles, mmPerPx }) {
  const [asTable, setAsTable] = useState(false);
  const unit = mmPerPx ? 'mm' : 'px';
  const values = circles.map((circle) => 2 * circle.r * (mmPerPx ?? 1)).sort((a, b) => a - b);
  if (!values.length) return html`<p class="nothing">${text.viewer.noCircles}</p>`;
  const bins = binsOf(values);
  return html`
    <div class="histogram">
      <dl class="figures">
        ${text.viewer.figures.map(
          ([label, share]) => html`
          <div key=${label}><dt>${label}</dt><dd>${length(quantile(values, share))} ${unit}</dd>
            </div>`,
        )}
      </dl>
      <${asTable ? Table : Bars} bins=${bins} unit=${unit} />
      <button type="button" class="link" aria-pressed=${asTable}
        onClick=${() => setAsTable(!asTable)}>
        ${asTable ? text.viewer.asBars : text.viewer.asTable}</button>
    </div>`;
}

function Bars({ bins, unit }) {
  const most = Math.max(...bins.map((bin) => bin.count));
  const [width, height, foot] = [320, 130, 22];
  const step = width / bins.length;
  return html`
    <svg class="bars" viewBox=${`0 0 ${width} ${height + foot}`} role="img"
      aria-label=${text.viewer.barsSay(bins.length, unit)}>
      ${bins.map(
        (bin, index) => html`
        <g key=${bin.from}>
          <title>${sayBin(bin, unit)}</title>
          <rect class="bar" x=${index * step + 1} width=${Math.max(1, step - 2)} rx="1.5"
            y=${height - (bin.count / most) * (height - 14)}
              height=${(bin.count / most) * (height - 14)} />
          ${
            bin.count > 0 &&
            bins.length <= 16 &&
            html`<text class="bar-count" x=${(index + 0.5) * step}
            y=${height - (bin.count / most) * (height - 14) - 3}>${number(bin.count)}</text>`
          }</g>`,
      )}
      <line class="bar-axis" x1="0" x2=${width} y1=${height} y2=${height} />
      <text class="bar-tick" x="0" y=${height + 15}>${exact(bins[0].from)}</text>
      <text class="bar-tick bar-tick-end" x=${width}
        y=${height + 15}>${exact(bins.at(-1).to)} ${unit}</text>
    </svg>`;
}

const sayBin = ({ from, to, count }, unit) =>
  text.viewer.bin(exact(from), exact(to), unit, number(count));

function Table({ bins, unit }) {
  return html`
    <table class="plain"><caption class="unseen">${text.viewer.tabs.sizes}</caption>
      <thead><tr><th scope="col">${text.viewer.diameterIn(unit)}</th><th
        scope="col">${text.viewer.count}</th></tr></thead>
      <tbody>${bins.map(
        (bin) => html`
        <tr key=${bin.from}><td>${exact(bin.from)} – ${exact(bin.to)}</td>
          <td>${number(bin.count)}</td></tr>`,
      )}
      </tbody></table>`;
}

/** Return a quantile of sorted values, between neighbours as numpy's default does. */
function quantile(values, share) {
  const at = share * (values.length - 1);
  const low = Math.floor(at);
  return values[low] + (values[Math.min(low + 1, values.length - 1)] - values[low]) * (at - low);
}
