import { scopeOf } from '../api/contract.js';
import { text } from '../page/messages.js';
import { session } from './session.js';

const FREE = [undefined, 'any', 'none'];

/** Return why this session may not use a route, empty if it may. */
export function permission(method, path) {
  const { state, scopes } = session.get();
  const scope = scopeOf(method, path);
  if (state !== 'in' || FREE.includes(scope) || scopes.includes(scope)) return '';
  return text.session.forbidden(scope);
}
