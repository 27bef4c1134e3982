import type { AnyAction } from '../action.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { readHeader } from '../http-message.ts';
import { knownProducts } from '../known-actions.ts';
import { productOfHost } from '../regions.ts';
import { PRODUCT_VERSIONS } from '../versions.ts';
import type { Step } from './context.ts';

/**
 * Finds the action by version and name, never by Host: a self-hosted endpoint has one host for all products. The host is looked at only
 * where nothing was found, to say what is wrong.
 * Reads: version, actionName. Fills: action, or unbuilt. Raises: NoSuchVersion, NoSuchProduct, InvalidAction.
 */
export function createResolve(actions: readonly AnyAction[], roots: readonly string[]): Step {
  const versions = collectVersions(actions);
  const products = new Set<string>([...Object.keys(PRODUCT_VERSIONS), ...knownProducts.map(({ product }) => product)]);
  return (ctx) => {
    const names = versions.get(ctx.version);
    if (names === undefined) {
      const product = productOfHost(readHeader(ctx.raw.headers, 'host'), roots);
      throw product === '' || products.has(product) ? commonErrors.noSuchVersion() : commonErrors.noSuchProduct(product);
    }
    const action = names.get(ctx.actionName);
    if (action === undefined) {
      throw commonErrors.invalidAction();
    }
    if (action === 'unbuilt') {
      ctx.unbuilt = ctx.actionName;
    } else {
      ctx.action = action;
    }
    return undefined;
  };
}

type Names = Map<string, AnyAction | 'unbuilt'>;

function collectVersions(actions: readonly AnyAction[]): ReadonlyMap<string, Names> {
  const versions = new Map<string, Names>(
    knownProducts.map(({ version, actions: known }) => [version, new Map(Object.keys(known).map((name) => [name, 'unbuilt'] as const))]),
  );
  for (const action of actions) {
    const version = PRODUCT_VERSIONS[action.product];
    const names: Names = versions.get(version) ?? new Map();
    if (typeof names.get(action.name) === 'object') {
      throw new Error(`two actions are called ${action.name} in version ${version}`);
    }
    versions.set(version, names.set(action.name, action));
  }
  return versions;
}
