import { createStore } from '../page/store.js';
import { ask } from './client.js';

/** The contract that this installation serves: undefined until it is read, null if it cannot be. */
export const contract = createStore(undefined);

/** Read the contract. Without it what is optional stays hidden. */
export async function loadContract() {
  contract.set(await ask('/openapi.json').catch(() => null));
}

/** Return the scope that a token needs for a route. */
export function scopeOf(method, path) {
  return contract.get()?.paths[path]?.[method]?.['x-scope'];
}

/** Return the values that a route's parameter takes. */
export function choicesOf(method, path, name) {
  const parameters = contract.get()?.paths[path]?.[method]?.parameters ?? [];
  return parameters.find((each) => each.name === name)?.schema?.enum ?? [];
}

/** Whether this installation has a route, such as offers('get', '/images/{image_id}'). */
export function offers(method, path) {
  return Boolean(contract.get()?.paths[path]?.[method]);
}
