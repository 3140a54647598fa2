import { useEffect, useState } from 'preact/hooks';
import { getObjects, getRuns } from '../api/routes.js';
import { bringBack } from '../editor/saving.js';
import { moment, number } from '../page/format.js';
import { html } from '../page/html.js';
import { describe, text } from '../page/messages.js';
import { Failure, Loading, toast } from '../page/parts.js';
import { permission } from '../session/session.js';

/** List the runs of a picture, newest first, to be compared and to be served again. */
export function Runs({ image, picture, counts, others, setOthers }) {
  const [runs, setRuns] = useState(null);
  const [problem, setProblem] = useState(null);
  const [compared, setCompared] = useState(null);
  const load = () => {
    const stop = new AbortController();
    getRuns(image.image_id, stop.signal).then(
      setRuns,
      (error) => error.name === 'AbortError' || setProblem(error),
    );
    return () => stop.abort();
  };
  useEffect(load, [image.image_id, image.served]);
  useEffect(() => () => setOthers(null), []);

  const compare = async (run) => {
    if (compared === run.detection_id) {
      setCompared(null);
      return setOthers(null);
    }
    try {
      setOthers(await getObjects(image.image_id, { run: run.detection_id }));
      return setCompared(run.detection_id);
    } catch (error) {
      return toast(describe(error));
    }
  };
  const serve = async (run) => {
    if (await bringBack(image, image.served, run.detection_id, picture.load))
      toast(text.runs.served);
  };
  if (problem)
    return html`<${Failure} problem=${problem} again=${() => {
      setProblem(null);
      load();
    }} />`;
  if (!runs) return html`<${Loading} what=${text.runs.loading} />`;
  return html`
    <ol class="runs">
      ${runs.map(
        (run) => html`
        <${Run} key=${run.detection_id} run=${run} compared=${compared === run.detection_id}
          others=${others}
          counts=${counts} compare=${compare} serve=${serve} />`,
      )}
    </ol>`;
}

function Run({ run, compared, others, counts, compare, serve }) {
  const forbidden = permission('post', '/images/{image_id}/detections');
  const difference = compared && others ? compareCircles(counts, others.map(toCircle)) : null;
  return html`
    <li class=${run.served ? 'run run-served' : 'run'}>
      <div class="run-head">
        <strong>${text.runs.by(run)}</strong>
        <span>${text.viewer.counted(run.object_count)}</span>
      </div>
      <p class="faint"><time datetime=${run.created_at}>${moment(run.created_at)}</time>
        ${run.kind === 'machine' && html` · <bdi>${run.model_version}</bdi>`}</p>
      ${
        difference &&
        html`<p role="status">${text.runs.difference(
          number(difference.both),
          number(difference.onlyFirst),
          number(difference.onlySecond),
        )}</p>`
      }
      <div class="run-actions">
        ${
          run.served
            ? html`<span class="badge badge-good">${text.runs.isServed}</span>`
            : html`
          <button type="button" aria-pressed=${compared}
            onClick=${() => compare(run)}>${text.runs.compare}</button>
          <button type="button" disabled=${Boolean(forbidden)} title=${forbidden || undefined}
            onClick=${() => serve(run)}>${text.runs.serve}</button>`
        }
      </div>
    </li>`;
}

const toCircle = (found) => ({ x: found.centroid[0], y: found.centroid[1], r: found.radius });

/**
 * Return how two sets of circles differ: { both, onlyFirst, onlySecond }.
 *
 * Two circles are the same thing if the centre of each lies within half the smaller radius of the
 * other's. Of several the nearest is taken, largest circles first.
 */
function compareCircles(first, second) {
  const free = new Set(second);
  let both = 0;
  for (const one of [...first].sort((a, b) => b.r - a.r)) {
    let best = null;
    let nearest = Infinity;
    for (const other of free) {
      const distance = Math.hypot(one.x - other.x, one.y - other.y);
      if (distance < nearest && distance <= Math.min(one.r, other.r) / 2)
        [best, nearest] = [other, distance];
    }
    if (best) {
      free.delete(best);
      both += 1;
    }
  }
  return { both, onlyFirst: first.length - both, onlySecond: free.size };
}
