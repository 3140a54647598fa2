import { useState } from 'preact/hooks';
import { removeScale, setScale } from '../api/routes.js';
import { exact, length } from '../page/format.js';
import { html } from '../page/html.js';
import { describe, text } from '../page/messages.js';
import { Dialog, toast } from '../page/parts.js';
import { permission } from '../session/session.js';

/** Put millimetres on a picture or its batch: by a marked circle of known diameter. */
export function ScaleDialog({ image, picture, circles, chosen, dirty, close }) {
  const [marked, setMarked] = useState(chosen?.id ?? '');
  const [diameter, setDiameter] = useState('23.25');
  const [forBatch, setForBatch] = useState(false);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const forbidden = permission('put', '/images/{image_id}/scale');
  const served = circles.filter((circle) => circle.objectId && circle.isObject);
  const circle = served.find((each) => each.id === marked);
  const millimetres = Number(diameter.replace(',', '.'));
  const ready = circle && millimetres > 0 && !forbidden;

  const change = async (run, done) => {
    setBusy(true);
    setProblem(null);
    try {
      await run(image.image_id, forBatch ? image.batch : null);
      await picture.load({ keepEdits: true });
      toast(done);
      close();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const set = (event) => {
    event.preventDefault();
    const scale = { object_id: circle.objectId, diameter_mm: millimetres };
    change((id, batch) => setScale(id, batch, scale), text.scale.done);
  };
  return html`
    <${Dialog} title=${text.scale.title} close=${close}>
      <form class="scale" onSubmit=${set}>
        <p>${text.scale.hint}</p>
        ${image.scale && html`<p class="notice">${text.scale.says(image.scale)}</p>`}
        <label class="field"><span>${text.scale.which}</span>
          <select value=${circle ? marked : ''}
            onChange=${(event) => setMarked(event.target.value)}>
            <option value="">${text.scale.choose}</option>
            ${served.map(
              (each) => html`<option key=${each.id} value=${each.id}>
              ${text.scale.option(each.number, length(2 * each.r))}</option>`,
            )}
          </select></label>
        ${dirty && html`<p class="notice">${text.scale.saveFirst}</p>`}
        <label class="field"><span>${text.scale.known}</span>
          <select value=${diameter}
            onChange=${(event) => event.target.value && setDiameter(event.target.value)}>
            <option value="">${text.scale.own}</option>
            ${THINGS.map(
              ([group, things]) => html`
              <optgroup key=${group} label=${text.scale.groups[group]}>
                ${things.map(
                  ([name, mm]) => html`<option key=${name} value=${String(mm)}>
                  ${text.scale.thing(name, exact(mm))}</option>`,
                )}
              </optgroup>`,
            )}
          </select></label>
        <label class="field"><span>${text.scale.diameter}</span>
          <input type="text" inputmode="decimal" value=${diameter} required
            onInput=${(event) => setDiameter(event.target.value)} /></label>
        ${
          image.batch &&
          html`<label class="check"><input type="checkbox" checked=${forBatch}
          onChange=${(event) => setForBatch(event.target.checked)} />
            <span>${text.scale.wholeBatch(image.batch)}</span></label>`
        }
        ${
          circle &&
          millimetres > 0 &&
          html`<p class="faint">
          ${text.scale.gives(length(millimetres / (2 * circle.r)))}</p>`
        }
        ${forbidden && html`<p class="error">${forbidden}</p>`}
        ${problem && html`<p class="error" role="alert">${describe(problem)}</p>`}
        <div class="dialog-actions">
          ${
            image.scale &&
            html`<button type="button" disabled=${busy || Boolean(forbidden)}
            onClick=${() => change(removeScale, text.scale.removed)}>${text.scale.remove}</button>`
          }
          <button type="submit" class="primary" disabled=${busy || !ready}
            title=${forbidden || undefined}>
            ${text.scale.set}</button>
        </div>
      </form>
    </${Dialog}>`;
}

/*
 * Things of known diameter, in millimetres. Coins: the mints' own specifications (European Central
 * Bank, US Mint, Royal Mint, Swissmint, Japan Mint). The disc: ECMA-130. Balls: the rules of golf
 * (1.68 inches at least) and of the ITTF.
 */
const THINGS = [
  [
    'euro',
    [
      ['1 c', 16.25],
      ['2 c', 18.75],
      ['5 c', 21.25],
      ['10 c', 19.75],
      ['20 c', 22.25],
      ['50 c', 24.25],
      ['1 €', 23.25],
      ['2 €', 25.75],
    ],
  ],
  [
    'dollar',
    [
      ['1 ¢', 19.05],
      ['5 ¢', 21.21],
      ['10 ¢', 17.91],
      ['25 ¢', 24.26],
      ['1 $', 26.49],
    ],
  ],
  [
    'pound',
    [
      ['1 p', 20.3],
      ['2 p', 25.9],
      ['5 p', 18],
      ['10 p', 24.5],
      ['2 £', 28.4],
    ],
  ],
  [
    'franc',
    [
      ['5 Rp.', 17.15],
      ['10 Rp.', 19.15],
      ['20 Rp.', 21.05],
      ['½ Fr.', 18.2],
      ['1 Fr.', 23.2],
      ['2 Fr.', 27.4],
      ['5 Fr.', 31.45],
    ],
  ],
  [
    'yen',
    [
      ['1 ¥', 20],
      ['5 ¥', 22],
      ['10 ¥', 23.5],
      ['50 ¥', 21],
      ['100 ¥', 22.6],
      ['500 ¥', 26.5],
    ],
  ],
  [
    'other',
    [
      ['CD', 120],
      ['Golf ball', 42.67],
      ['Table tennis ball', 40],
    ],
  ],
];
