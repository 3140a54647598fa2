import { useMemo, useState } from 'preact/hooks';
import { undecided } from '../editor/circles.js';
import { lettersWork } from '../editor/keyboard.js';
import { nextDoubtful } from '../editor/use_editor.js';
import { ScaleDialog } from '../measure/dialog.js';
import { number } from '../page/format.js';
import { html } from '../page/html.js';
import { text } from '../page/messages.js';
import { Dialog } from '../page/parts.js';
import { keep } from '../page/state.js';
import { Runs } from '../runs/runs.js';
import { Histogram, Sliders } from './sizes.js';
import { About, Chosen, CircleTable } from './table.js';

/** Show what was counted, and everything beside the picture. */
export function Side(props) {
  const { image, picture, state, actions, counts, circles, sizes, setSizes, mmPerPx, saving } =
    props;
  const { hovered, setHovered, choose, others, setOthers, dialog, setDialog } = props;
  const [tab, setTab] = useState('circles');
  const all = state.history.circles;
  const chosen = all.find((circle) => circle.id === state.selected);
  const doubts = undecided(all).length;
  const range = useMemo(() => rangeOf(all), [all]);
  const inSizes = counts.filter((circle) => 2 * circle.r >= sizes[0] && 2 * circle.r <= sizes[1]);
  const toDoubt = () => {
    const circle = nextDoubtful(state, 1);
    if (circle) choose(circle);
  };
  const close = () => setDialog(null);
  return html`
    <aside class="side" aria-label=${text.viewer.side}>
      <div class="summary">
        <p class="count" role="status"><strong data-count>${number(inSizes.length)}</strong>
          <span>${
            inSizes.length === counts.length
              ? text.viewer.circles(counts.length)
              : text.viewer.ofCircles(counts.length)
          }</span></p>
        ${
          doubts > 0 &&
          html`<button type="button" class="doubts" onClick=${toDoubt}>
          ${text.viewer.doubts(doubts)}</button>`
        }
      </div>
      <${Sliders} image=${image} state=${state} actions=${actions} sizes=${sizes}
        setSizes=${setSizes}
        lowest=${Math.min(...all.map((circle) => circle.score ?? 1))} range=${range}
          mmPerPx=${mmPerPx} />
      ${
        saving.conflict &&
        html`<div class="notice" role="alert"><p>${text.editor.conflictNotice}</p>
        <button type="button" onClick=${() => setDialog('conflict')}>${text.editor.compare}</button>
          </div>`
      }
      ${
        chosen &&
        html`<${Chosen} key=${chosen.id} circle=${chosen} state=${state} actions=${actions}
        mmPerPx=${mmPerPx} image=${image} setDialog=${setDialog} />`
      }
      <div class="tabs" role="tablist" aria-label=${text.viewer.side}
        onKeyDown=${(event) => turn(event, tab, setTab)}>
        ${TABS.map(
          (name) => html`
          <button type="button" key=${name} role="tab" id=${`tab-${name}`}
            aria-selected=${tab === name}
            aria-controls="tab-panel" tabindex=${tab === name ? 0 : -1}
              onClick=${() => setTab(name)}>
            ${text.viewer.tabs[name]}</button>`,
        )}
      </div>
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby=${`tab-${tab}`}
        tabindex="0">
        ${
          tab === 'circles' &&
          html`<${CircleTable} circles=${sortByNumber(circles)} state=${state} hovered=${hovered}
          setHovered=${setHovered} choose=${choose} mmPerPx=${mmPerPx} />`
        }
        ${tab === 'sizes' && html`<${Histogram} circles=${inSizes} mmPerPx=${mmPerPx} />`}
        ${
          tab === 'runs' &&
          html`<${Runs} image=${image} picture=${picture} counts=${counts}
          others=${others} setOthers=${setOthers} />`
        }
        ${tab === 'about' && html`<${About} image=${image} picture=${picture} />`}
      </div>
      ${
        dialog === 'scale' &&
        html`<${ScaleDialog} image=${image} picture=${picture} circles=${all} chosen=${chosen}
        dirty=${chosen && !chosen.objectId} close=${close} />`
      }
      ${dialog === 'conflict' &&
        html`<${ConflictDialog} saving=${saving} counts=${counts} close=${close} />`}
      ${dialog === 'help' && html`<${HelpDialog} close=${close} />`}
    </aside>`;
}

const TABS = ['circles', 'sizes', 'runs', 'about'];

function turn(event, tab, setTab) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length];
  setTab(next);
  document.getElementById(`tab-${next}`).focus();
}

/** Return the least and the greatest diameter, in whole pixels. */
function rangeOf(circles) {
  const diameters = circles.map((circle) => 2 * circle.r);
  return diameters.length
    ? [Math.floor(Math.min(...diameters)), Math.ceil(Math.max(...diameters))]
    : [0, 1];
}

const sortByNumber = (circles) => [...circles].sort((a, b) => a.number - b.number);

/** List the keys, and let single letters be switched off. */
function HelpDialog({ close }) {
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

/** Say that the picture was changed elsewhere, and let the person choose. */
function ConflictDialog({ saving, counts, close }) {
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
