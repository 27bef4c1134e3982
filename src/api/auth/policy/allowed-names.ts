import type { Circumstances } from './condition.ts';
import type { Policy } from './evaluate.ts';
import type { ResourcePattern, Scope } from './resource.ts';

/** A call, but for the name of the resource that it works on. */
export interface NamelessRequest extends Circumstances {
  /** `service:Action`. */
  readonly action: string;
  readonly scope: Scope;
}

/**
 * Tells of a name whether `evaluate` allows the call on that resource of the scope. For many names: which statements are about the action
 * and the scope, and whether their conditions are met, is found out once for all of them.
 */
export function allowedNames(policies: readonly Policy[], request: NamelessRequest): (name: string) => boolean {
  const [allow, deny] = [createNameSet(), createNameSet()];
  for (const { document } of policies) {
    for (const statement of document.statements) {
      if (statement.matchesAction(request.action) && statement.conditions.every((condition) => condition.isMet(request))) {
        const names = statement.effect === 'allow' ? allow : deny;
        for (const pattern of statement.resources) {
          names.add(pattern.namesIn(request.scope));
        }
      }
    }
  }
  return (name) => allow.has(name) && !deny.has(name);
}

type Names = ReturnType<ResourcePattern['namesIn']>;

/** Names and tests of names: a policy that lists its instances is looked up, not gone through. */
function createNameSet(): { add(names: Names): void; has(name: string): boolean } {
  const exact = new Set<string>();
  const tests: Array<(name: string) => boolean> = [];
  return {
    add(names) {
      if (typeof names === 'string') {
        exact.add(names);
      } else if (names !== undefined) {
        tests.push(names);
      }
    },
    has: (name) => exact.has(name) || tests.some((test) => test(name)),
  };
}
