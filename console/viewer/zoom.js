import '../vendor/panzoom.js'; // not a module: it defines a global

const { Panzoom } = globalThis;

/*
 * Zoom and pan of the picture in its frame. `sheet` is the element that moves; its variable --px is
 * how many pixels of the picture are one of the screen, so that lines and numbers keep their size.
 */
const MOST = 60;
const MARGIN_PX = 12;
const COMFORTABLE_RADIUS_PX = 28;

/** Start zoom and pan. Returns functions to steer it, and `stop`. */
export function startZoom(frame, sheet, image, onChange) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const pan = Panzoom(sheet, {
    canvas: true,
    maxScale: MOST,
    minScale: 0.5,
    step: 0.35,
    animate: false,
    cursor: '',
    pinchAndPan: true,
    handleStartEvent: () => {},
  });
  let fitted = 1;

  function scale() {
    return fitted * pan.getScale();
  }

  /** Make the picture as large as the frame lets it be, and put it into the middle. */
  function layOut() {
    const { clientWidth: width, clientHeight: height } = frame;
    if (!width || !height) return;
    const room = [width - 2 * MARGIN_PX, height - 2 * MARGIN_PX];
    fitted = Math.min(room[0] / image.width, room[1] / image.height);
    Object.assign(sheet.style, {
      width: `${image.width * fitted}px`,
      height: `${image.height * fitted}px`,
      left: `${(width - image.width * fitted) / 2}px`,
      top: `${(height - image.height * fitted) / 2}px`,
    });
    told();
  }

  function told() {
    sheet.style.setProperty('--px', 1 / scale());
    onChange(scale());
  }

  /** Bring a circle into sight, large enough to be judged. */
  function show(circle) {
    const { x, y, r } = circle;
    frame.scrollIntoView({ block: 'nearest' }); // on a phone the table is far below the picture
    const small = r * scale() < COMFORTABLE_RADIUS_PX / 2;
    if (!small && isInSight(circle)) return;
    if (small) pan.zoom(Math.min(MOST, COMFORTABLE_RADIUS_PX / (r * fitted)), { animate: false });
    const [toX, toY] = [
      [x, image.width, frame.clientWidth],
      [y, image.height, frame.clientHeight],
    ].map(([at, size, room]) =>
      within(-(at - size / 2) * fitted, Math.max(0, size * fitted - room / pan.getScale()) / 2),
    );
    pan.pan(toX, toY, { animate: !calm });
  }

  function isInSight({ x, y, r }) {
    const [box, inner] = [frame.getBoundingClientRect(), sheet.getBoundingClientRect()];
    const [left, top] = [inner.left - box.left + x * scale(), inner.top - box.top + y * scale()];
    const reach = Math.min(r * scale(), box.width / 3, box.height / 3);
    return (
      left > reach / 2 &&
      top > reach / 2 &&
      left < box.width - reach / 2 &&
      top < box.height - reach / 2
    );
  }

  /** Return the point of the picture under a pointer. */
  function toPicture({ clientX, clientY }) {
    const box = sheet.getBoundingClientRect();
    return [
      ((clientX - box.left) / box.width) * image.width,
      ((clientY - box.top) / box.height) * image.height,
    ];
  }

  /** Return the point of the picture in the middle of the frame. */
  function middle() {
    const box = frame.getBoundingClientRect();
    return toPicture({ clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 });
  }

  const watcher = new ResizeObserver(layOut);
  watcher.observe(frame);
  sheet.addEventListener('panzoomchange', told);
  frame.addEventListener('wheel', pan.zoomWithWheel, { passive: false });
  layOut();
  return {
    scale,
    show,
    toPicture,
    middle,
    zoomBy: (step) => (step > 0 ? pan.zoomIn({ animate: !calm }) : pan.zoomOut({ animate: !calm })),
    fit: () => pan.reset({ animate: !calm }),
    stop() {
      watcher.disconnect();
      frame.removeEventListener('wheel', pan.zoomWithWheel);
      sheet.removeEventListener('panzoomchange', told);
      pan.destroy();
    },
  };
}

const within = (value, most) => Math.min(most, Math.max(-most, value));
