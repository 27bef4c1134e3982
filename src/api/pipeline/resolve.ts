import type { AnyAction } from '../action.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { PRODUCT_VERSIONS } from '../versions.ts';
import type { Step } from './context.ts';

/**
 * Finds the action by version and name, never by Host: a self-hosted endpoint has one host for all products.
 * Reads: version, actionName. Fills: action. Raises: NoSuchVersion, InvalidAction.
 */
export function createResolve(actions: readonly AnyAction[]): Step {
  const versions = new Map<string, Map<string, AnyAction>>();
  for (const action of actions) {
    const version = PRODUCT_VERSIONS[action.product];
    const names = versions.get(version) ?? new Map<string, AnyAction>();
    if (names.has(action.name)) {
      throw new Error(`two actions are called ${action.name} in version ${version}`);
    }
    versions.set(version, names.set(action.name, action));
  }
  return (ctx) => {
    const names = versions.get(ctx.version);
    if (names === undefined) {
      throw commonErrors.noSuchVersion();
    }
    ctx.action = names.get(ctx.actionName);
    if (ctx.action === undefined) {
      throw commonErrors.invalidAction();
    }
    return undefined;
  };
}
