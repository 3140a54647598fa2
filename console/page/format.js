/* How numbers, sizes and times are written, in the language of the browser. */
const language = navigator.language || 'en';
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const clock = {
  month: 'short',
  day: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  timeZoneName: 'short',
};
const time = new Intl.DateTimeFormat(language, clock);
const timeWithYear = new Intl.DateTimeFormat(language, { year: 'numeric', ...clock });

export const number = (value) => whole.format(value);

/** Write a number with all its digits. */
export const exact = (value) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: 6 }).format(value);

/** Write a length with three significant digits: 0.123, 12.3, 123. */
export function length(value) {
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
  }).format(value);
}

export const score = (value) =>
  new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(
    value,
  );

export const percent = (value) =>
  new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(value);

/** Write a number of bytes: 812 kB, 3.4 MB. */
export function bytes(value) {
  const [unit, size] = value < 1e6 ? ['kilobyte', 1e3] : ['megabyte', 1e6];
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    maximumFractionDigits: value < 1e6 ? 0 : 1,
  }).format(value / size);
}

/** Write a moment in local time with its zone, and the year if it is not this one. */
export function moment(text) {
  if (!text) return '';
  const when = new Date(text);
  return (when.getFullYear() === new Date().getFullYear() ? time : timeWithYear).format(when);
}
