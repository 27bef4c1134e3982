import type { Circumstances } from './condition.ts';
import type { Policy } from './evaluate.ts';
import type { Scope } from './resource.ts';

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
  const tests = { allow: [] as ((name: string) => boolean)[], deny: [] as ((name: string) => boolean)[] };
  for (const { document } of policies) {
    for (const statement of document.statements) {
      if (statement.matchesAction(request.action) && statement.conditions.every((condition) => condition.isMet(request))) {
        tests[statement.effect].push(...statement.resources.flatMap((pattern) => pattern.namesIn(request.scope) ?? []));
      }
    }
  }
  return (name) => tests.allow.some((test) => test(name)) && !tests.deny.some((test) => test(name));
}
