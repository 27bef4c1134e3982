import type { Statement } from '../../src/api/auth/policy/document.ts';
import type { Policy } from '../../src/api/auth/policy/evaluate.ts';

/** How often the parts of a policy's statements were asked. */
export interface Asked {
  action: number;
  condition: number;
  /** Of a resource, for one name or for a scope. */
  resource: number;
}

/** The same policy, which counts. */
export function countPolicy(policy: Policy): { readonly policy: Policy; readonly asked: Asked } {
  const asked: Asked = { action: 0, condition: 0, resource: 0 };
  const count = (given: Statement): Statement => ({
    ...given,
    matchesAction(action) {
      asked.action++;
      return given.matchesAction(action);
    },
    resources: given.resources.map((pattern) => ({
      ...pattern,
      matches(resource) {
        asked.resource++;
        return pattern.matches(resource);
      },
      namesIn(scope) {
        asked.resource++;
        return pattern.namesIn(scope);
      },
    })),
    conditions: given.conditions.map((condition) => ({
      ...condition,
      isMet(circumstances) {
        asked.condition++;
        return condition.isMet(circumstances);
      },
    })),
  });
  return { policy: { ...policy, document: { statements: policy.document.statements.map(count) } }, asked };
}
