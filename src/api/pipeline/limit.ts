import { commonErrors } from '../errors/common-errors.ts';
import { resolvedAction, type Step } from './context.ts';

/**
 * Counts requests in fixed seconds of the wall clock, for each action, access region and sub-account; an action that needs no region has
 * one counter, whatever region its caller names. Only authenticated requests get here, so nobody can use up another's quota. One map lives for one second, which bounds it; a general limiter (rate-limiter-flexible)
 * starts each key's window at its first request and holds a timer for it.
 * Reads: action, accessRegion, principal, arrivedAt. Raises: RequestLimitExceeded.
 */
export function createRateLimit(): Step {
  let second = 0;
  const counts = new Map<string, number>();
  return (ctx) => {
    const action = resolvedAction(ctx);
    const now = Math.floor(ctx.arrivedAt / 1000);
    if (now !== second) {
      second = now;
      counts.clear();
    }
    const region = action.regionRequired ? ctx.accessRegion : '';
    const key = `${action.product}/${action.name}/${region}/${ctx.principal.uin}`;
    const observed = (counts.get(key) ?? 0) + 1;
    counts.set(key, observed);
    if (observed > action.ratePerSecond) {
      throw commonErrors.requestLimit(observed, action.ratePerSecond);
    }
    return undefined;
  };
}
