import { keep, recall } from './storage.js';

/** Return 'auto' (as the system), 'light' or 'dark'. */
export const theme = () => recall('theme') ?? 'auto';

/** Choose how the page looks. */
export function setTheme(name) {
  keep('theme', name === 'auto' ? null : name);
  applyTheme();
}

export function applyTheme() {
  const name = theme();
  document.documentElement.style.colorScheme = name === 'auto' ? '' : name;
}
