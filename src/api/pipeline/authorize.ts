import type { AnyAction } from '../action.ts';
import { type Caller, decideCall, decideOperation, mayCallOn, operationOf } from '../auth/decide-call.ts';
import { readGrants, readTags } from '../auth/grants.ts';
import type { Outcome } from '../auth/policy/evaluate.ts';
import type { Resource } from '../auth/policy/resource.ts';
import type { ApiError } from '../errors/api-error.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { type RequestContext, resolvedAction, type Step } from './context.ts';

/**
 * Decides by the principal's policies whether it may call the action on the instances that the input names, by their ids alone and before
 * any is looked up, so that a denial does not tell what exists; where a policy asks for tags, by those of the id too. An action that could name instances and names none is allowed where the
 * caller may see any, and told which. The root account may do everything.
 * Reads: action, principal, input, region, raw. Fills: canSee, mayCall, mayCallOn.
 * Raises: of redis InvalidParameter.PermissionDenied (no statement allows the action on anything) and UnauthorizedOperation.NoCAMAuthed
 * (denied, or allowed elsewhere only); of other products AuthFailure.UnauthorizedOperation.
 */
export const authorize: Step = (ctx) => {
  const action = resolvedAction(ctx);
  const { principal } = ctx;
  if (action.access.resource === 'caller') {
    return undefined;
  }
  if (principal.accountId !== '' && principal.uin === principal.accountId && principal.session === undefined) {
    ctx.canSee = undefined;
    ctx.mayCall = () => true;
    ctx.mayCallOn = () => true;
    return undefined;
  }
  return authorizeByPolicies(ctx, action);
};

async function authorizeByPolicies(ctx: RequestContext, action: AnyAction): Promise<undefined> {
  const { principal, region, raw, arrivedAt, services } = ctx;
  const grants = await readGrants(services.catalog, principal);
  const { accountId } = principal;
  const tags = await readTags(services.catalog, grants, { accountId, region });
  const caller: Caller = { grants, accountId, region, ip: raw.remoteAddress, atMs: arrivedAt, tags };
  const { resource } = action.access;
  const ids = typeof resource === 'function' ? resource(ctx.input as never) : [];
  const decision = decideCall(caller, action, ids);
  if (needsPermanentKey(action) && principal.session !== undefined) {
    throw denied(ctx, action, 'denied', decision.resource);
  }
  if (decision.outcome !== 'allowed') {
    throw denied(ctx, action, decision.outcome, decision.resource);
  }
  ctx.canSee = decision.canSee;
  ctx.mayCall = (operation) => decideOperation(caller, action, operation).outcome === 'allowed';
  ctx.mayCallOn = (instanceId) => mayCallOn(caller, action, instanceId);
  return undefined;
}

/** With a temporary key nobody makes keys or rights that outlive it (STS: GetFederationToken takes permanent keys only). */
function needsPermanentKey({ product, access }: AnyAction): boolean {
  return (product === 'cam' || product === 'sts') && access.kind === 'write';
}

const MOST_NAME_LENGTH = 80;

function denied(ctx: RequestContext, action: AnyAction, outcome: Outcome, resource: Resource): ApiError {
  const redisCode = outcome === 'never' ? 'InvalidParameter.PermissionDenied' : 'UnauthorizedOperation.NoCAMAuthed';
  const code = action.product === 'redis' ? redisCode : 'AuthFailure.UnauthorizedOperation';
  const text =
    resource.name === undefined
      ? '*'
      : `qcs::${resource.service}:${resource.region}:uin/${resource.accountId}:${resource.name.slice(0, MOST_NAME_LENGTH)}`;
  return commonErrors.denied(code, ctx.requestId, operationOf(action), text);
}
