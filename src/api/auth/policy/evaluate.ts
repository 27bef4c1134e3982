import type { Circumstances } from './condition.ts';
import type { PolicyDocument, Statement } from './document.ts';
import type { Resource, Scope } from './resource.ts';

/** A policy under the id and name by which a decision cites it. */
export interface Policy {
  readonly policyId: number;
  readonly name: string;
  readonly document: PolicyDocument;
}

export interface AccessRequest extends Circumstances {
  /** `service:Action`. */
  readonly action: string;
  readonly resource: Resource;
}

/**
 * allowed, denied: by the statement that the decision cites. withheld: the action is allowed, but not on this resource or not now.
 * never: no statement allows the action on anything that the service has.
 */
export type Outcome = 'allowed' | 'denied' | 'withheld' | 'never';

export interface Decision {
  readonly outcome: Outcome;
  /** Of `allowed` and `denied`. */
  readonly by?: { readonly policy: Policy /** From 1. */; readonly statement: number };
}

/** A statement that denies wins; otherwise one that allows; otherwise nothing is permitted ("Evaluation logic" page of CAM). */
export function evaluate(policies: readonly Policy[], request: AccessRequest): Decision {
  let allowed: Decision | undefined;
  let isAllowedElsewhere = false;
  for (const policy of policies) {
    for (const [index, statement] of policy.document.statements.entries()) {
      if (!statement.matchesAction(request.action)) {
        continue;
      }
      const applies = matchesResource(statement, request) && statement.conditions.every((condition) => condition.isMet(request));
      if (statement.effect === 'allow') {
        isAllowedElsewhere ||= canMatchResource(statement, request);
        allowed ??= applies ? { outcome: 'allowed', by: { policy, statement: index + 1 } } : undefined;
      } else if (applies) {
        return { outcome: 'denied', by: { policy, statement: index + 1 } };
      }
    }
  }
  return allowed ?? { outcome: isAllowedElsewhere ? 'withheld' : 'never' };
}

/**
 * True where every instance of the region meets the same decision, so that it need not be asked for each: no statement about the action
 * tells one from another.
 */
export function decidesAlike(policies: readonly Policy[], action: string, scope: Scope): boolean {
  return policies.every(({ document }) =>
    document.statements.every(
      (statement) =>
        !statement.matchesAction(action) ||
        (statement.resources.every((pattern) => pattern.coverage(scope) !== 'some') &&
          statement.conditions.every(({ key }) => key !== 'qcs:resource_tag')),
    ),
  );
}

/**
 * Of an action that names no instance, a statement allows it that covers all of the service, and one denies it already that covers all of
 * the service in the region of the call.
 */
function matchesResource({ effect, resources }: Statement, { resource }: AccessRequest): boolean {
  return resources.some((pattern) => {
    if (resource.name !== undefined) {
      return pattern.matches(resource);
    }
    return effect === 'allow' ? pattern.coversAll(resource) : pattern.coversRegion(resource);
  });
}

/** For an action that names no instance, what is limited to named resources counts as no permission (redis page of "CAM-enabled APIs"). */
function canMatchResource(statement: Statement, request: AccessRequest): boolean {
  const { resource } = request;
  return resource.name === undefined
    ? matchesResource(statement, request)
    : statement.resources.some((pattern) => pattern.isOf(resource.service));
}
