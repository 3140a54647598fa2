import { bytes, moment, number, score } from '../page/format.js';
import { html } from '../page/html.js';
import { describe, text } from '../page/messages.js';
import { detectAgain } from '../api/images.js';
import { permission } from '../session/permissions.js';
import { toast } from '../page/toasts.js';
import { useState } from 'preact/hooks';

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
