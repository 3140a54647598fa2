import { useEffect, useRef, useState } from 'preact/hooks';
import { detectAgain } from '../api/routes.js';
import { isCounted } from '../editor/circles.js';
import { bytes, length, moment, number, percent, score } from '../page/format.js';
import { html, Icon, memo } from '../page/html.js';
import { describe, text } from '../page/messages.js';
import { toast } from '../page/parts.js';
import { permission } from '../session/session.js';

/** List the circles. A row and its circle on the picture are marked together. */
export function CircleTable({ circles, state, hovered, setHovered, choose, mmPerPx }) {
  const unit = mmPerPx ? 'mm' : 'px';
  const body = useRef();
  useEffect(() => {
    scrollTo(body.current?.querySelector('[data-chosen=true]'));
  }, [state.selected]);
  if (!circles.length) return html`<p class="nothing">${text.viewer.noCircles}</p>`;
  return html`
    <table class="circles">
      <caption class="unseen">${text.viewer.tabs.circles}</caption>
      <thead><tr>
        <th scope="col">${text.viewer.number}</th>
        <th scope="col">${text.viewer.diameterIn(unit)}</th>
        <th scope="col">${text.viewer.score}</th>
        <th scope="col"><span class="unseen">${text.viewer.marks}</span></th>
      </tr></thead>
      <tbody ref=${body} onMouseLeave=${() => setHovered(null)}>
        ${circles.map(
          (circle) => html`
          <${Row} key=${circle.id} circle=${circle} selected=${circle.id === state.selected}
            hovered=${circle.id === hovered} counts=${isCounted(circle, state.cut)}
            mmPerPx=${mmPerPx} choose=${choose} setHovered=${setHovered} />`,
        )}
      </tbody>
    </table>`;
}

/** Bring a row into sight where the table scrolls, without moving the page. */
function scrollTo(row) {
  const panel = row?.closest('[role=tabpanel]');
  if (!panel || panel.scrollHeight <= panel.clientHeight) return;
  const [inner, outer] = [row.getBoundingClientRect(), panel.getBoundingClientRect()];
  if (inner.top < outer.top) panel.scrollTop += inner.top - outer.top;
  else if (inner.bottom > outer.bottom) panel.scrollTop += inner.bottom - outer.bottom;
}

const Row = memo(function Row({ circle, selected, hovered, counts, mmPerPx, choose, setHovered }) {
  const { doubtful, decided, edge, objectId } = circle;
  const marks = [
    !counts && ['close', text.viewer.leftOut],
    !objectId && ['person', text.viewer.byYou],
    doubtful && decided === null && ['help', text.viewer.unsure],
    edge && ['flag', text.viewer.edge],
  ].filter(Boolean);
  return html`
    <tr class=${`${hovered ? 'hovered' : ''} ${selected ? 'chosen-row' : ''}`}
      data-chosen=${selected}
      onMouseEnter=${() => setHovered(circle.id)} onClick=${() => choose(circle)}>
      <th scope="row"><button type="button" class="link" aria-pressed=${selected}
        aria-label=${text.viewer.chooseCircle(circle.number)}
        onFocus=${() => setHovered(circle.id)}>${circle.number}</button></th>
      <td>${length(2 * circle.r * (mmPerPx ?? 1))}</td>
      <td>${circle.score === null ? '–' : score(circle.score)}</td>
      <td class="marks">${marks.map(
        ([icon, words]) => html`
        <span key=${icon} class=${`mark mark-${icon}`} title=${words}><${Icon} name=${icon} />
          <span class="unseen">${words}</span></span>`,
      )}</td>
    </tr>`;
});

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

/** Show where a picture comes from and what counted it. */
export function About({ image, picture }) {
  const [busy, setBusy] = useState(false);
  const forbidden = permission('post', '/images/{image_id}/detections');
  const again = async () => {
    setBusy(true);
    try {
      await detectAgain(image.image_id);
      await picture.load();
    } catch (problem) {
      toast(describe(problem));
    }
    setBusy(false);
  };
  const rows = [
    [
      text.about.size,
      `${number(image.width)} × ${number(image.height)} px, ${bytes(image.size_bytes)}`,
    ],
    [text.about.arrived, moment(image.created_at)],
    [text.about.batch, image.batch ?? '–'],
    [text.about.model, `${image.model ?? '–'} ${image.model_version ?? ''}`],
    [text.about.threshold, image.threshold === null ? '–' : score(image.threshold)],
    [text.about.scale, image.scale ? text.scale.says(image.scale) : text.scale.none],
    [text.about.sha256, html`<code>${image.sha256}</code>`],
    [text.about.id, html`<code>${image.image_id}</code>`],
  ];
  return html`
    <dl class="about">${rows.map(
      ([label, value]) => html`
      <div key=${label}><dt>${label}</dt>
        <dd>${typeof value === 'string' ? html`<bdi>${value}</bdi>` : value}</dd></div>`,
    )}</dl>
    <button type="button" disabled=${busy || Boolean(forbidden)} title=${forbidden || undefined}
      onClick=${again}>
      ${busy ? text.about.detecting : text.about.detectAgain}</button>`;
}
