import { useEffect, useRef } from 'preact/hooks';
import { isCounted } from '../editor/circles.js';
import { length, score } from '../page/format.js';
import { html } from '../page/html.js';
import { Icon } from '../page/icons.js';
import { memo } from '../page/memo.js';
import { text } from '../page/messages.js';

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
        <th scope="col">${text.viewer.scoreShort}</th>
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
