import { bytes, exact, length, moment, number, percent } from './format.js';

/*
 * Everything that the page says, in one place. A text with gaps is a function. What comes from
 * people, such as names of files, is only ever put in as text.
 */

const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
const circles = (count) => plural(count, 'circle', 'circles');
const pictures = (count) => plural(count, 'picture', 'pictures');

/** Return what a picture is called. */
export const nameOf = (image) => image.file_name || 'Without a name';

export const text = {
  product: 'Circles',
  titles: { gallery: 'Pictures – Circles', picture: 'Picture – Circles' },
  skip: 'Skip to the content',
  navigation: 'Page',
  docs: 'API',
  version: (version) => `Version ${version}`,
  waking: 'Waking up …',
  loading: 'Loading …',
  close: 'Close',
  retry: 'Try again',
  undo: 'Undo',
  themes: { auto: 'Colours: as the system', light: 'Colours: light', dark: 'Colours: dark' },

  session: {
    title: 'Sign in',
    expired: 'Sign in again',
    hint: 'This installation asks for a token. Its operator creates one.',
    again: 'Your session has ended. What you were doing goes on after you sign in.',
    token: 'Token',
    signIn: 'Sign in',
    signOut: 'Sign out',
    signedInAs: (name) => `Signed in as ${name}`,
    wrong: 'This token is not known, or it has expired.',
    forbidden: (scope) => `Your token does not allow this: it lacks the scope ${scope}.`,
  },

  upload: {
    title: 'Add pictures',
    invite: 'Drop photographs here, and every round thing in them is counted',
    inviteTouch: 'Add photographs, and every round thing in them is counted',
    hint: 'Drop or paste pictures anywhere on this page.',
    formats: 'JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF, up to 32 MB.',
    choose: 'Choose pictures',
    folder: 'Choose a folder',
    camera: 'Take a photo',
    batch: 'Batch',
    noBatch: 'None',
    release: 'Release to add',
    nothing: 'There was no picture in it.',
    skipped: (count) =>
      `${plural(count, 'file was', 'files were')} left out: not named like a picture.`,
    panel: 'Uploads',
    progress: ({ waiting, sending, done, failed }, all) => {
      if (waiting + sending) return `Adding ${number(done + 1)} of ${pictures(all)}`;
      return failed ? `${number(done)} added, ${number(failed)} not` : `${pictures(done)} added`;
    },
    waiting: 'Waiting',
    again: 'Trying again soon',
    sending: (share, size) => `${percent(share)} of ${size}`,
    counting: 'Counting …',
    done: (image) =>
      image.status === 'detected' ? circles(image.object_count) : 'Stored, counting soon',
    remove: 'Remove',
    removeName: (name) => `Remove ${name}`,
    retryAll: 'Try all again',
    clear: 'Hide what is done',
    more: (count) => `and ${number(count)} more`,
  },

  gallery: {
    title: 'Pictures',
    loading: 'Loading the pictures …',
    filters: 'Filter, order and take away',
    labels: {
      batch: 'Batch',
      review: 'Review',
      status: 'State',
      order: 'Order',
      min_count: 'Circles from',
      max_count: 'to',
    },
    allBatches: 'All batches',
    reviews: [
      ['', 'All'],
      ['none', 'To check'],
      ['confirmed', 'Confirmed'],
      ['corrected', 'Corrected'],
    ],
    states: [
      ['', 'All'],
      ['detected', 'Counted'],
      ['pending', 'Waiting'],
      ['failed', 'Failed'],
    ],
    orders: [
      ['', 'Newest first'],
      ['doubt', 'Doubtful first'],
    ],
    any: 'Any',
    clear: 'Show all',
    noMatch: 'No picture is like that.',
    more: 'Show more',
    noCount: { pending: '…', failed: '–' },
    card: (image) =>
      `${nameOf(image)}: ${image.status === 'detected' ? circles(image.object_count) : image.status}`,
    badge: (image) => {
      if (image.status === 'pending') return { kind: 'wait', icon: 'clock', label: 'Counting' };
      if (image.status === 'failed') return { kind: 'bad', icon: 'warning', label: 'Failed' };
      if (image.review === 'confirmed') return { kind: 'good', icon: 'check', label: 'Confirmed' };
      if (image.review === 'corrected') return { kind: 'good', icon: 'person', label: 'Corrected' };
      if (image.doubtful_count) {
        return { kind: 'doubt', icon: 'help', label: `${number(image.doubtful_count)} to check` };
      }
      return null;
    },
  },

  viewer: {
    loading: 'Loading the picture …',
    back: 'Back to the pictures',
    neighbours: 'Pictures of the gallery',
    previous: 'Previous picture ( , )',
    next: 'Next picture ( . )',
    side: 'What was found',
    stage: (count) => `Picture with ${circles(count)}; the table lists them`,
    keysHint:
      'Arrow keys move the selected circle, plus and minus resize it. Question mark lists all keys.',
    circles: (count) => (count === 1 ? 'circle' : 'circles'),
    ofCircles: (count) => `of ${circles(count)}`,
    counted: circles,
    doubts: (count) => `${number(count)} to check`,
    nothingDoubtful: 'Nothing is in doubt here.',
    reviewSays: (image) => {
      if (image.review === 'none')
        return image.batch ? `Not checked yet · ${image.batch}` : 'Not checked yet';
      const what = image.review === 'confirmed' ? 'Confirmed' : 'Corrected';
      return `${what} ${moment(image.detected_at)}`;
    },
    score: 'Score',
    scoreSays: (score) => `Circles count from a score of ${score}`,
    scoreOf: (score) => `score ${score}`,
    usualCut: 'The usual score. Lower it to see more.',
    lowestCut: 'The usual score. Nothing is below it.',
    lowerCut: 'Counts more than usual.',
    higherCut: 'Counts less than usual.',
    backTo: (score) => `Back to ${score}`,
    size: 'Diameter',
    sizeEnds: ['Least diameter', 'Greatest diameter'],
    tabs: { circles: 'Circles', sizes: 'Sizes', runs: 'Runs', about: 'Details' },
    number: 'No.',
    count: 'Number',
    diameterIn: (unit) => `Diameter (${unit})`,
    marks: 'Marks',
    leftOut: 'Does not count',
    byYou: 'drawn by a person',
    unsure: 'In doubt',
    edge: 'Cut by the edge of the picture',
    chooseCircle: (number) => `Circle ${number}`,
    fields: { x: 'x (px)', y: 'y (px)', diameter: 'Diameter (px)' },
    noCircles: 'No circles.',
    figures: [
      ['Smallest', 0],
      ['Median', 0.5],
      ['Largest', 1],
    ],
    asTable: 'Show as a table',
    asBars: 'Show as bars',
    barsSay: (count, unit) => `Diameters in ${unit}, in ${number(count)} classes`,
    bin: (from, to, unit, count) => `${from} to ${to} ${unit}: ${count}`,
    noPicture: 'This browser cannot show this kind of picture. The circles are right all the same.',
    gone: 'This picture is not here any more',
    goneHint: 'It was deleted, or the address is wrong.',
    pending: 'The picture is stored. It is counted as soon as the predictor is awake.',
    failed: (error) => `This picture could not be counted${error ? `: ${error}` : '.'}`,
  },

  tools: {
    title: 'Tools',
    select: 'Select and move',
    add: 'Draw circles (D)',
    undo: 'Undo (Ctrl+Z)',
    redo: 'Redo (Ctrl+Y)',
    zoomIn: 'Zoom in',
    zoomOut: 'Zoom out',
    fit: 'Whole picture (0)',
    flip: 'Hide the circles (B)',
    help: 'Keys and gestures (?)',
    addHint: 'Drag from the centre of a circle to its rim, or click.',
    addInMiddle: 'Put one into the middle (N)',
  },

  editor: {
    save: (count) => `Save ${circles(count)}`,
    confirm: 'Confirm and next',
    saveAndNext: 'Save and next',
    confirmHint: 'Save and open the next picture to check (Enter)',
    keep: 'Keep',
    drop: 'Drop',
    saved: (run) =>
      run.review === 'confirmed'
        ? `Confirmed: ${circles(run.object_count)}.`
        : `Saved: ${circles(run.object_count)}.`,
    allChecked: 'Saved. Every picture has been checked.',
    recalled: 'Your unsaved changes are back.',
    discard: 'Discard them',
    changedMeanwhile: 'The picture was changed elsewhere. Look again before you change it.',
    conflictNotice: 'This picture was changed elsewhere. Your changes are still here.',
    compare: 'Choose',
    conflict: 'Changed elsewhere',
    conflictSays: (image) =>
      image
        ? `It was saved elsewhere while you edited it (${moment(image.detected_at)}): it has ${circles(image.object_count)} now.`
        : 'It was saved elsewhere while you edited it.',
    yours: (count) =>
      `You have ${circles(count)}. Nothing of yours is lost: choose what is to stay.`,
    takeTheirs: 'Take what is saved',
    saveMine: 'Save mine',
  },

  scale: {
    open: 'Millimetres',
    title: 'Measure in millimetres',
    hint: 'Photograph from straight above. Mark one thing of known diameter that lies as high as what you measure, best 80 pixels wide or more.',
    mark: 'Measure by it',
    which: 'The known thing is',
    choose: 'Choose a circle …',
    option: (number, px) => `Circle ${number} (${px} px)`,
    saveFirst: 'The selected circle is not saved yet. Save first, then measure by it.',
    known: 'What it is',
    own: 'Something else',
    groups: {
      euro: 'Euro',
      dollar: 'US dollar',
      pound: 'British pound',
      franc: 'Swiss franc',
      yen: 'Japanese yen',
      other: 'Other',
    },
    thing: (name, mm) => `${name} – ${mm} mm`,
    diameter: 'Its diameter in millimetres',
    wholeBatch: (batch) => `For the whole batch “${batch}” (the camera did not move)`,
    gives: (mm) => `One pixel is then ${mm} mm.`,
    set: 'Measure',
    remove: 'Remove the scale',
    removed: 'Diameters are pixels again.',
    done: 'Diameters are millimetres now.',
    none: 'None: diameters are pixels',
    says: (scale) => {
      if (scale.stale) return 'The marked circle was changed or dropped: set the scale again.';
      const from = scale.diameter_mm
        ? ` from a circle of ${exact(scale.diameter_mm)} mm, ± ${percent(scale.relative_error)}`
        : '';
      const whole = scale.batch ? ', for the whole batch' : '';
      const doubts = scale.warnings.map((each) => ` ${WARNINGS[each] ?? each}`).join('');
      const who = scale.created_by ? ` ${scale.created_by}, ${moment(scale.created_at)}.` : '';
      return `${length(scale.mm_per_px)} mm for each pixel${from}${whole}.${who}${doubts}`;
    },
  },

  runs: {
    loading: 'Loading the runs …',
    by: (run) => (run.kind === 'human' ? run.created_by || 'A person' : `Detector (${run.model})`),
    isServed: 'In use',
    compare: 'Compare',
    serve: 'Use this one',
    served: 'This run is in use now.',
    difference: (both, here, there) =>
      `${both} in both, ${here} only in yours, ${there} only in this run (blue).`,
  },

  about: {
    size: 'Picture',
    arrived: 'Arrived',
    batch: 'Batch',
    model: 'Counted by',
    threshold: 'Usual score',
    scale: 'Scale',
    sha256: 'SHA-256',
    id: 'Id',
    detectAgain: 'Count again',
    detecting: 'Counting …',
  },

  takeAway: {
    title: 'Take away',
    formats: {
      csv: { label: 'Circles (CSV)', hint: 'A row for each circle' },
      'csv-images': { label: 'Pictures (CSV)', hint: 'A row for each picture' },
      xlsx: { label: 'Workbook (XLSX)', hint: 'For spreadsheets' },
      coco: { label: 'COCO (JSON)', hint: 'For training and evaluation' },
      yolo: { label: 'YOLO (ZIP)', hint: 'Labels for training' },
      'label-studio': { label: 'Label Studio (JSON)', hint: 'Tasks with ellipses' },
      report: { label: 'Report (HTML)', hint: 'Picture, sizes and checksums in one file' },
    },
    overlays: {
      png: { label: 'Picture with circles (PNG)', hint: 'Drawn into the picture' },
      svg: { label: 'Picture with circles (SVG)', hint: 'To be edited' },
    },
    original: { label: 'Original picture', hint: 'The bytes that were uploaded' },
    curl: 'Copy as curl',
    curlHint: 'The command that reads these circles',
    copied: 'Copied.',
    notCopied: 'The browser does not let the page copy.',
  },

  deleting: {
    label: 'Delete the picture',
    hint: 'With its circles; eight seconds to undo',
    done: (name) => `${name} is deleted.`,
  },

  help: {
    title: 'Keys and gestures',
    letters: 'Single letters do something (switch off if you speak to your computer)',
    groups: [
      [
        'Check',
        [
          ['J K', 'Next and previous circle in doubt'],
          ['A', 'Keep it'],
          ['X', 'Drop it'],
          ['Enter', 'Save, and open the next picture to check'],
        ],
      ],
      [
        'Draw',
        [
          ['D', 'Draw circles, or stop drawing'],
          ['N', 'Put a circle into the middle'],
          ['← ↑ ↓ →', 'Move the selected circle; with Shift ten times as far'],
          ['+ −', 'Resize it'],
          ['Del', 'Drop it'],
          ['Ctrl+Z Ctrl+Y', 'Undo and redo'],
          ['Esc', 'Select nothing'],
        ],
      ],
      [
        'Look',
        [
          ['0', 'Whole picture'],
          ['B', 'Hide or show the circles'],
          [', .', 'Previous and next picture'],
          ['?', 'This list'],
        ],
      ],
      [
        'Mouse and touch',
        [
          ['Click', 'Select a circle'],
          ['Drag', 'Move the selected circle; elsewhere: pan'],
          ['Handle', 'Resize the selected circle'],
          ['Shift+drag', 'Draw a circle from its centre'],
          ['Right-click', 'Drop a circle'],
          ['Wheel Pinch', 'Zoom'],
        ],
      ],
    ],
  },
};

const WARNINGS = {
  'reference-touches-edge': 'The marked circle touches the edge of the picture.',
  'reference-under-80-px': 'The marked circle is narrower than 80 pixels.',
};

/* What the page says of the API's problems; of all others it shows the API's own sentence. */
const PROBLEMS = {
  network: 'There is no connection. Look at your network; nothing is lost.',
  'too-large': `The picture is too large: at most ${bytes(32e6)}.`,
  'empty-file': 'The file is empty.',
  'unsupported-picture':
    'This is no picture that can be read: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.',
  'undecodable-picture': 'The picture is damaged and cannot be read.',
};

/** Return a sentence that says what is wrong and what to do. */
export function describe(problem) {
  if (PROBLEMS[problem.code]) return PROBLEMS[problem.code];
  if (problem.status === 401) return 'Sign in to go on.';
  if (problem.status === 404) return 'It is not here any more.';
  if (problem.detail) return problem.detail;
  if ([502, 503, 504].includes(problem.status))
    return 'The service does not answer. Try again in a moment.';
  if (problem.status === 429) return 'That was too much at once. Try again in a moment.';
  return `Something went wrong${problem.status ? ` (${problem.status})` : ''}. Try again.`;
}
