import type { AnyAction, Principal } from '../action.ts';
import { ApiError } from '../errors/api-error.ts';
import { resolvedAction, type Step } from './context.ts';

/**
 * Decides whether the principal may call the action on the instances that its input names, by their ids alone and before any is looked
 * up, so that a denial does not tell what exists. The root account may do everything; nobody else has been given anything yet.
 * Reads: action, principal, input. Raises: InvalidParameter.PermissionDenied (redis), AuthFailure.UnauthorizedOperation (other products).
 */
export const authorize: Step = (ctx) => {
  const { principal } = ctx;
  if (!isRoot(principal)) {
    throw denied(resolvedAction(ctx), principal);
  }
  return undefined;
};

function isRoot(principal: Principal): boolean {
  return principal.accountId !== '' && principal.uin === principal.accountId;
}

function denied(action: AnyAction, principal: Principal): ApiError {
  const code = action.product === 'redis' ? 'InvalidParameter.PermissionDenied' : 'AuthFailure.UnauthorizedOperation';
  return new ApiError(
    code,
    `You are not authorized to perform operation (${action.product}:${action.name}): uin ${principal.uin} has no policy that allows it.`,
  );
}
