import type { Principal } from '../action.ts';
import type { ApiError } from '../errors/api-error.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { type RequestContext, resolvedAction, type Step } from './context.ts';

/**
 * Decides whether the principal may call the action on the instances that its input names, by their ids alone and before any is looked
 * up, so that a denial does not tell what exists. The root account may do everything; nobody else has been given anything yet.
 * Reads: action, principal, input. Raises: InvalidParameter.PermissionDenied (redis), AuthFailure.UnauthorizedOperation (other products).
 */
export const authorize: Step = (ctx) => {
  const { principal } = ctx;
  if (!isRoot(principal)) {
    throw denied(ctx);
  }
  return undefined;
};

function isRoot(principal: Principal): boolean {
  return principal.accountId !== '' && principal.uin === principal.accountId;
}

function denied(ctx: RequestContext): ApiError {
  const action = resolvedAction(ctx);
  const code = action.product === 'redis' ? 'InvalidParameter.PermissionDenied' : 'AuthFailure.UnauthorizedOperation';
  return commonErrors.denied(code, ctx.requestId, `${action.product}:${action.name}`, '*');
}
