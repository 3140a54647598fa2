import { h } from 'preact';
import htm from 'htm';

/** Make elements from a tagged template: html`<p>${text}</p>`. Text is never read as markup. */
export const html = htm.bind(h);
