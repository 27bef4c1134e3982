import type { Catalog } from '../../catalog/catalog.ts';
import { DomainError } from '../../lib/errors.ts';
import type { Principal } from '../action.ts';
import { parsePolicyDocument } from './policy/document.ts';
import { type AccessRequest, type Decision, evaluate, type Outcome, type Policy } from './policy/evaluate.ts';
import { createTextCache } from './text-cache.ts';

/** Lists of policies, each of which must allow a call by itself. None: everything is allowed. */
export type Grants = ReadonlyArray<readonly Policy[]>;

/** The policies that decide a principal's calls: those of its user, unless it is the root account, and that of its session. */
export async function readGrants(catalog: Catalog, { accountId, uin, session }: Principal): Promise<Grants> {
  const grants: Array<readonly Policy[]> = [];
  if (accountId === '' || uin !== accountId) {
    const records = await catalog.policies.ofUser(accountId, uin);
    grants.push(records.map(({ policyId, name, document }) => ({ policyId, name, document: compile(document, accountId, policyId) })));
  }
  if (session !== undefined) {
    grants.push([{ policyId: 0, name: `session ${session.name}`, document: compile(session.policy, accountId, 0) }]);
  }
  return grants;
}

/** Tags as conditions see them, `key&value`, by the instances that have any. */
export type TagsByInstance = ReadonlyMap<string, readonly string[]>;

/** The tags of a region's instances; none are read where no statement asks for them. */
export async function readTags(
  catalog: Catalog,
  grants: Grants,
  { accountId, region }: { readonly accountId: string; readonly region: string },
): Promise<TagsByInstance> {
  const tags = new Map<string, string[]>();
  const isAsked = grants.some((policies) =>
    policies.some(({ document }) => document.statements.some(({ conditions }) => conditions.some(({ key }) => key === 'qcs:resource_tag'))),
  );
  if (isAsked) {
    for (const { instanceId, key, value } of await catalog.tags.ofRegion(accountId, region)) {
      tags.set(instanceId, [...(tags.get(instanceId) ?? []), `${key}&${value}`]);
    }
  }
  return tags;
}

/** From what permits to what forbids most. A list that allows the action on nothing outweighs one that allows it elsewhere. */
const OUTCOMES: readonly Outcome[] = ['allowed', 'withheld', 'never', 'denied'];

/** The decision of the list that forbids most, since each must allow the call. */
export function decide(grants: Grants, request: AccessRequest): Decision {
  let decision: Decision = { outcome: 'allowed' };
  for (const policies of grants) {
    const next = evaluate(policies, request);
    if (OUTCOMES.indexOf(next.outcome) >= OUTCOMES.indexOf(decision.outcome)) {
      decision = next;
    }
  }
  return decision;
}

/**
 * Compiled documents, by owner and text. A changed document is another text, so nothing here is ever out of date. All 200 policies that a
 * user may have find room, each of 6144 characters; compiled, a character takes up to 75 bytes, so all of it 110 MB at the very most.
 */
const compiled = createTextCache<Policy['document']>({ mostEntries: 1000, mostLength: 1_500_000 });

/** A stored document that cannot be read stops the call: without it a deny could be missed. */
function compile(document: string, accountId: string, policyId: number): Policy['document'] {
  try {
    return compiled.get(`${accountId} ${document}`, () => parsePolicyDocument(document, accountId));
  } catch (cause) {
    throw new DomainError('policy-unreadable', `the document of policy ${policyId} cannot be read`, { cause });
  }
}
