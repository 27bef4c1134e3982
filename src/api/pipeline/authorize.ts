import type { AnyAction } from '../action.ts';
import { decide, type Grants, readGrants } from '../auth/grants.ts';
import { decidesAlike, type Outcome } from '../auth/policy/evaluate.ts';
import type { Resource } from '../auth/policy/resource.ts';
import type { ApiError } from '../errors/api-error.ts';
import { commonErrors } from '../errors/common-errors.ts';
import { type RequestContext, resolvedAction, type Step } from './context.ts';

/**
 * Decides by the principal's policies whether it may call the action on the instances that the input names, by their ids alone and before
 * any is looked up, so that a denial does not tell what exists. An action that could name instances and names none is allowed where the
 * caller may see any, and told which. The root account may do everything.
 * Reads: action, principal, input, region, raw. Fills: canSee, mayCall.
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
    return undefined;
  }
  return authorizeByPolicies(ctx, action);
};

async function authorizeByPolicies(ctx: RequestContext, action: AnyAction): Promise<undefined> {
  const grants = await readGrants(ctx.services.catalog, ctx.principal);
  const operation = operationOf(action);
  ctx.mayCall = (name) => outcomeOf(ctx, grants, name, 'everything') === 'allowed';
  if (needsPermanentKey(action) && ctx.principal.session !== undefined) {
    throw denied(ctx, action, 'denied', 'everything');
  }
  const { resource } = action.access;
  if (typeof resource !== 'function') {
    requireAllowed(ctx, action, outcomeOf(ctx, grants, operation, 'everything'), 'everything');
    return undefined;
  }
  const ids = resource(ctx.input as never);
  if (ids.length === 0) {
    authorizeList(ctx, action, grants);
    return undefined;
  }
  ctx.canSee = undefined;
  for (const id of ids) {
    requireAllowed(ctx, action, outcomeOf(ctx, grants, operation, instanceResource(ctx, id)), instanceResource(ctx, id));
  }
  return undefined;
}

function authorizeList(ctx: RequestContext, action: AnyAction, grants: Grants): void {
  const operation = operationOf(action);
  const all = instanceResource(ctx, '*');
  const outcome = outcomeOf(ctx, grants, operation, all);
  // What covers the text `instance/*` ends in a star, and so covers every instance.
  if (outcome === 'never' || outcome === 'denied' || grants.every((policies) => decidesAlike(policies, operation, all))) {
    requireAllowed(ctx, action, outcome, all);
    ctx.canSee = undefined;
    return;
  }
  ctx.canSee = (id) => outcomeOf(ctx, grants, operation, instanceResource(ctx, id)) === 'allowed';
}

/** Instances have no tags yet; a condition on them sees none. */
const NO_TAGS: readonly string[] = [];

function outcomeOf(ctx: RequestContext, grants: Grants, action: string, resource: Resource): Outcome {
  const ip = ctx.raw.remoteAddress;
  if (ip === undefined) {
    // No condition on addresses can be judged, and to take the key for missing would leave a deny without effect.
    return 'denied';
  }
  return decide(grants, { action, resource, ip, atMs: ctx.arrivedAt, tags: NO_TAGS }).outcome;
}

/** An instance is a resource of service redis, whichever product the action belongs to. */
function instanceResource(ctx: RequestContext, id: string): Exclude<Resource, 'everything'> {
  return { service: 'redis', region: ctx.region, accountId: ctx.principal.accountId, name: `instance/${id}` };
}

/** With a temporary key nobody makes keys or rights that outlive it (STS: GetFederationToken takes permanent keys only). */
function needsPermanentKey({ product, access }: AnyAction): boolean {
  return (product === 'cam' || product === 'sts') && access.kind === 'write';
}

function operationOf({ product, name }: AnyAction): string {
  return `${product}:${name}`;
}

function requireAllowed(ctx: RequestContext, action: AnyAction, outcome: Outcome, resource: Resource): void {
  if (outcome !== 'allowed') {
    throw denied(ctx, action, outcome, resource);
  }
}

const MOST_NAME_LENGTH = 80;

function denied(ctx: RequestContext, action: AnyAction, outcome: Outcome, resource: Resource): ApiError {
  const redisCode = outcome === 'never' ? 'InvalidParameter.PermissionDenied' : 'UnauthorizedOperation.NoCAMAuthed';
  const code = action.product === 'redis' ? redisCode : 'AuthFailure.UnauthorizedOperation';
  const text =
    resource === 'everything'
      ? '*'
      : `qcs::${resource.service}:${resource.region}:uin/${resource.accountId}:${resource.name.slice(0, MOST_NAME_LENGTH)}`;
  return commonErrors.denied(code, ctx.requestId, operationOf(action), text);
}
