import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { detectAgain, getImage } from '../api/routes.js';
import { counted, isChanged, usualRadius } from '../editor/circles.js';
import { useKeys } from '../editor/keyboard.js';
import { drawn, useEditor } from '../editor/use_editor.js';
import { Thumbnail } from '../gallery/gallery.js';
import { html } from '../page/html.js';
import { nameOf, text } from '../page/messages.js';
import { Failure, Loading, toast } from '../page/parts.js';
import { Header, Toolbar } from './header.js';
import { Side } from './side.js';
import { Stage } from './stage.js';
import { useNeighbours, usePicture, useSaving } from './use_picture.js';

const ALL_SIZES = [0, Infinity];

/** Show one picture, to be looked at, corrected and measured. */
export function Viewer({ id }) {
  const [state, actions] = useEditor();
  const picture = usePicture(id, actions.begin);
  const { image, problem, load } = picture;
  if (problem?.status === 404) return html`<${Gone} />`;
  if (problem && !image) {
    return html`<main id="main" tabindex="-1"><${Failure} problem=${problem}
      again=${() => load()} /></main>`;
  }
  if (!image)
    return html`<main id="main" tabindex="-1"><${Loading} what=${text.viewer.loading} /></main>`;
  if (!image.served) return html`<${Unfinished} key=${id} picture=${picture} />`;
  if (!state.history)
    return html`<main id="main" tabindex="-1"><${Loading} what=${text.viewer.loading} /></main>`;
  return html`<${Workplace} key=${id} picture=${picture} state=${state} actions=${actions} />`;
}

function Workplace({ picture, state, actions }) {
  const { image } = picture;
  const [sizes, setSizes] = useState(ALL_SIZES);
  const [hovered, setHovered] = useState(null);
  const [others, setOthers] = useState(null);
  const [flipped, setFlipped] = useState(false);
  const [dialog, setDialog] = useState(null);
  const steer = useRef();
  const neighbours = useNeighbours(image.image_id);

  const { circles } = state.history;
  const counts = useMemo(() => counted(circles, state.cut), [circles, state.cut]);
  const shown = useMemo(() => drawn(state, sizes), [circles, state.cut, state.selected, sizes]);
  const dirty = isChanged(circles, state.cut);
  const mmPerPx = image.scale && !image.scale.stale ? image.scale.mm_per_px : null;
  const saving = useSaving({ picture, state, dirty, next: neighbours.toCheck, setDialog });

  const show = useCallback((circle) => steer.current?.show(circle), []);
  const choose = useCallback(
    (circle) => {
      actions.select(circle.id);
      show(circle);
    },
    [actions],
  );
  const addInMiddle = () => {
    const [x, y] = steer.current.middle();
    actions.add({ x, y, r: usualRadius(counts, image) });
  };
  const flip = () => setFlipped(!flipped);
  useKeys(state, actions, {
    show,
    addInMiddle,
    flip,
    confirm: saving.confirm,
    fit: () => steer.current.fit(),
    next: neighbours.go,
    help: () => setDialog('help'),
    nothingDoubtful: () => toast(text.viewer.nothingDoubtful),
  });
  useEffect(() => {
    if (state.recalled)
      toast(text.editor.recalled, { action: { label: text.editor.discard, run: saving.discard } });
  }, [state.recalled]);

  const common = { image, picture, state, actions, counts, mmPerPx };
  return html`
    <main class="viewer" id="main" tabindex="-1">
      <${Header} ...${common} dirty=${dirty} saving=${saving} neighbours=${neighbours}
        setDialog=${setDialog} />
      <div class="viewer-stage">
        <${Stage} ...${common} circles=${flipped ? NONE : shown} others=${others} hovered=${hovered}
          setHovered=${setHovered} steer=${steer} />
        <${Toolbar} state=${state} actions=${actions} steer=${steer} addInMiddle=${addInMiddle}
          flipped=${flipped} flip=${flip} help=${() => setDialog('help')} />
      </div>
      <${Side} ...${common} circles=${shown} sizes=${sizes} setSizes=${setSizes} hovered=${hovered}
        setHovered=${setHovered} choose=${choose} others=${others} setOthers=${setOthers}
        saving=${saving} dialog=${dialog} setDialog=${setDialog} />
    </main>`;
}

const NONE = [];

/** Say that a picture is not here any more. */
function Gone() {
  return html`<main class="message" id="main" tabindex="-1"><h1>${text.viewer.gone}</h1>
    <p>${text.viewer.goneHint}</p><p><a class="button primary" href="#/">${text.viewer.back}</a></p>
      </main>`;
}

/** Show a picture that has no run yet: it waits for the predictor, or could not be counted. */
function Unfinished({ picture }) {
  const { image, load, setImage } = picture;
  const [busy, setBusy] = useState(false);
  usePending(image, (now) => (now.served ? load() : setImage(now)));
  const again = async () => {
    setBusy(true);
    await detectAgain(image.image_id).catch(() => {});
    setBusy(false);
    load();
  };
  const failed = image.status === 'failed';
  return html`
    <main class="message" id="main" tabindex="-1">
      <${Thumbnail} image=${image} width=${1024} />
      <h1><bdi>${nameOf(image)}</bdi></h1>
      <p role="status">${failed ? text.viewer.failed(image.error) : text.viewer.pending}</p>
      ${
        failed &&
        html`<p><button type="button" class="primary" disabled=${busy} onClick=${again}>
        ${text.about.detectAgain}</button></p>`
      }
      <p><a href="#/">${text.viewer.back}</a></p>
    </main>`;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10000;

/** Look at a pending picture at growing intervals, while the page is visible. */
function usePending(image, changed) {
  useEffect(() => {
    if (image.status !== 'pending') return undefined;
    let pause = FIRST_PAUSE_MS;
    let timer = setTimeout(tick, pause);
    async function tick() {
      if (document.visibilityState === 'visible') {
        const now = await getImage(image.image_id).catch(() => image);
        if (now.status !== 'pending') return changed(now);
        pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
      }
      timer = setTimeout(tick, pause);
      return undefined;
    }
    return () => clearTimeout(timer);
  }, [image.image_id, image.status]);
}
