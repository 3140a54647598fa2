import htm from 'htm';
import { Component, h } from 'preact';

// Preact moves elements with moveBefore where there is one. In Chromium 156 an element whose class
// changed before it moved keeps its old looks then: a file that failed stayed grey in the queue.
delete Element.prototype.moveBefore;

/** Make elements from a tagged template: html`<p>${text}</p>`. Text is never read as markup. */
export const html = htm.bind(h);

/** Return a component that renders again only if a property is another. */
export function memo(render) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = Object.keys(next);
      return (
        names.length !== Object.keys(this.props).length ||
        names.some((name) => next[name] !== this.props[name])
      );
    }

    render() {
      return h(render, this.props);
    }
  };
}

/* Line icons of 24 x 24, drawn for this page. */
const PATHS = {
  add: 'M12 5v14M5 12h14',
  back: 'M15 5l-7 7 7 7',
  check: 'M5 12.5l4.5 4.5L19 7',
  close: 'M6 6l12 12M18 6L6 18',
  clock: 'M12 7v5l3 2M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  cursor: 'M6 4l12 8-5.5 1.2L10 19z',
  down: 'M6 9l6 6 6-6',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
  drop: 'M5 7h14M9 7V4.5h6V7M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5',
  eye: 'M3 12c2-4 5.2-6 9-6s7 2 9 6c-2 4-5.2 6-9 6s-7-2-9-6zM12 9.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  flag: 'M6 21V4h11l-2 4 2 4H6',
  help: 'M9.5 9a2.5 2.5 0 113.6 2.3c-.8.4-1.1.9-1.1 1.7v.5M12 17v.2M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z',
  next: 'M9 5l7 7-7 7',
  person: 'M12 4.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM5 20c.6-3.6 3.4-5.5 7-5.5s6.4 1.9 7 5.5',
  picture: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3 4.5 4.5M15.5 8.5v.2',
  redo: 'M16 5l4 4-4 4M20 9H10a6 6 0 000 12h2',
  ruler: 'M4 15L15 4l5 5L9 20zM8 11l2 2M11 8l2 2M14 5',
  theme: 'M12 4v16M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17M12 8l6-1M12 12h8M12 16l6 1',
  undo: 'M8 5L4 9l4 4M4 9h10a6 6 0 010 12h-2',
  up: 'M6 15l6-6 6 6',
  zoomIn: 'M10.5 4.5a6 6 0 100 12 6 6 0 000-12zM15 15l5 5M10.5 8v5M8 10.5h5',
  zoomOut: 'M10.5 4.5a6 6 0 100 12 6 6 0 000-12zM15 15l5 5M8 10.5h5',
  warning: 'M12 4.5L21 20H3zM12 10v4.5M12 17v.2',
};

/** Draw an icon. It says nothing to a screen reader; the button around it has the words. */
export function Icon({ name }) {
  return html`<svg class="icon-drawing" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} /></svg>`;
}
