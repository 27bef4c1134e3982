import type { ActionIndex, AnyAction } from './action.ts';
import { knownProducts } from './known-actions.ts';

/** Permissions that are no action by themselves: what a handler asks for beside its own. */
const FURTHER_OPERATIONS: readonly string[] = ['cam:DeleteApiKey'];

/** The index over what is served, for handlers, which cannot import the registry that they are part of. */
export function createActionIndex(actions: readonly AnyAction[]): ActionIndex {
  const served = new Map(actions.map((action) => [`${action.product}:${action.name}`, action]));
  const known = knownProducts.flatMap(({ product, actions: names }) => Object.keys(names).map((name) => `${product}:${name}`));
  const byLowered = new Map([...served].map(([name, action]) => [name.toLowerCase(), action]));
  return {
    find: (name) => byLowered.get(name.toLowerCase()),
    names: [...new Set([...served.keys(), ...known, ...FURTHER_OPERATIONS])],
  };
}
