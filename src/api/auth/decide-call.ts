import type { AnyAction } from '../action.ts';
import { decide, type Grants, type TagsByInstance } from './grants.ts';
import { allowedNames } from './policy/allowed-names.ts';
import { type Decision, decidesAlike } from './policy/evaluate.ts';
import type { Everything, NamedResource, Resource } from './policy/resource.ts';

/** Who calls, from where and when, as policies see it. */
export interface Caller {
  readonly grants: Grants;
  readonly accountId: string;
  readonly region: string;
  /** `` where a question leaves it open; undefined where a call came without one, which then is denied. */
  readonly ip: string | undefined;
  /** Milliseconds. */
  readonly atMs: number;
  /** Of the region's instances, as `readTags` reads them. */
  readonly tags: TagsByInstance;
}

export interface CallDecision extends Decision {
  /** What was decided on. */
  readonly resource: Resource;
  /** Of an allowed call that names no instance: which ones it may see; undefined where it may see all of the account and region. */
  readonly canSee: ((instanceId: string) => boolean) | undefined;
}

/**
 * The decision on a call of `action` that names the instances `ids`: of several, that on the first which is not allowed. An action that
 * could name instances and names none is allowed where the caller may see any. `SimulatePolicy` asks here as the pipeline does, so the two
 * cannot differ.
 */
export function decideCall(caller: Caller, action: AnyAction, ids: readonly string[]): CallDecision {
  const operation = operationOf(action);
  const { resource: rule } = action.access;
  if (typeof rule !== 'function') {
    const resource = everythingOf(caller, action);
    const decision: Decision = rule === 'caller' ? { outcome: 'allowed' } : decideOn(caller, operation, resource);
    return { ...decision, resource, canSee: undefined };
  }
  const decisive = decisiveOf(caller, operation, ids);
  if (decisive === undefined) {
    return decideList(caller, operation);
  }
  const resource = instanceResource(caller, decisive);
  return { ...decideOn(caller, operation, resource), resource, canSee: undefined };
}

/** The instance whose decision is that on all: the first that is not allowed, else the last. */
function decisiveOf(caller: Caller, operation: string, ids: readonly string[]): string | undefined {
  if (ids.length <= 1) {
    return ids[0];
  }
  const isAllowed = visibleInstances(caller, operation);
  return ids.find((id) => !isAllowed(id)) ?? ids.at(-1);
}

/** `service:Action`. */
export function operationOf({ product, name }: AnyAction): string {
  return `${product}:${name}`;
}

/** The decision on an operation, `service:Action`, that names no instance and belongs with a call of `action`. */
export function decideOperation(caller: Caller, action: AnyAction, operation: string): Decision {
  const [service = ''] = operation.split(':');
  return decideOn(caller, operation, { ...everythingOf(caller, action), service });
}

function decideList(caller: Caller, operation: string): CallDecision {
  const resource = instanceResource(caller, '*');
  const decision = decideOn(caller, operation, resource);
  // What covers the text `instance/*` ends in a star, and so covers every instance.
  const isSame =
    decision.outcome === 'never' ||
    // What denies an instance without tags may spare one that has some.
    (decision.outcome === 'denied' && caller.tags.size === 0) ||
    caller.grants.every((policies) => decidesAlike(policies, operation, resource));
  return isSame
    ? { ...decision, resource, canSee: undefined }
    : {
        ...decision,
        outcome: 'allowed',
        resource,
        canSee: visibleInstances(caller, operation),
      };
}

/** Whether the caller may call `action` on an instance that the call itself does not name. */
export function mayCallOn(caller: Caller, action: AnyAction, instanceId: string): boolean {
  return decideOn(caller, operationOf(action), instanceResource(caller, instanceId)).outcome === 'allowed';
}

/** The same as a decision on each, for many instances. */
function visibleInstances(caller: Caller, operation: string): (instanceId: string) => boolean {
  const { grants, ip, atMs, tags } = caller;
  if (ip === undefined) {
    return () => false;
  }
  const scope = instanceResource(caller, '*');
  const tests = grants.map((policies) => allowedNames(policies, { action: operation, scope, ip, atMs, tags: NO_TAGS }));
  return (id) => {
    const resource = instanceResource(caller, id);
    return tags.has(id) ? decideOn(caller, operation, resource).outcome === 'allowed' : tests.every((test) => test(resource.name));
  };
}

const NO_TAGS: readonly string[] = [];

function decideOn({ grants, ip, atMs, tags }: Caller, action: string, resource: Resource): Decision {
  if (ip === undefined) {
    // No condition on addresses can be judged, and to take the key for missing would leave a deny without effect.
    return { outcome: 'denied' };
  }
  const id = resource.name?.slice(INSTANCE.length) ?? '';
  return decide(grants, { action, resource, ip, atMs, tags: tags.get(id) ?? NO_TAGS });
}

const INSTANCE = 'instance/';

/** An instance is a resource of service redis, whichever product the action belongs to. */
function instanceResource({ region, accountId }: Caller, id: string): NamedResource {
  return { service: 'redis', region, accountId, name: `${INSTANCE}${id}` };
}

/** An action that needs no region is in none, whichever the caller writes: otherwise the caller would choose which denial counts. */
function everythingOf({ region, accountId }: Caller, { product, regionRequired }: AnyAction): Everything {
  return { service: product, region: regionRequired ? region : '', accountId, name: undefined };
}
