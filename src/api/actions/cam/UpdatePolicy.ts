import type { PolicyRecord } from '../../../catalog/access.ts';
import type { CatalogTables } from '../../../catalog/catalog.ts';
import { isDomainError } from '../../../lib/errors.ts';
import { type ActionContext, defineAction } from '../../action.ts';
import { int64, optional, structure, text, uint64 } from '../../schema.ts';
import { assertCustom, assertDocument, assertPolicyFacts, getPolicy, POLICY_CODES } from './policy-access.ts';

export const UpdatePolicy = defineAction({
  name: 'UpdatePolicy',
  product: 'cam',
  summary: 'Changes a custom policy.',
  description:
    'The policy is found by PolicyId, and PolicyName then is its new name; without PolicyId it is found by PolicyName. What is absent ' +
    'stays. The change counts from the next request on.',
  input: structure({
    PolicyId: optional(uint64('Id of the policy.')),
    PolicyName: optional(text('Name of the policy, or its new one.')),
    Description: optional(text('At most 300 bytes.')),
    PolicyDocument: optional(text('Policy document, version 2.0, as JSON.')),
    Alias: optional(text('Refused: preset policies cannot be changed.')),
  }),
  output: structure({ PolicyId: int64('Id of the policy.') }),
  errors: [
    'FailedOperation.PolicyNameInUse',
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.ParamError',
    'ResourceNotFound.NotFound',
    'ResourceNotFound.PolicyIdNotFound',
    ...POLICY_CODES,
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { PolicyId: 10000001, Description: 'Listing the backups of orders.' }, output: { PolicyId: 10000001 } },

  async handle({ PolicyId, PolicyName, Description, PolicyDocument, Alias }, ctx) {
    if (Alias !== undefined && Alias !== '') {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: 'Alias belongs to preset policies; they cannot be changed.',
        zh: 'Alias 属于预设策略，预设策略不可修改。',
      });
    }
    assertPolicyFacts({ name: PolicyName, description: Description }, ctx);
    if (PolicyDocument !== undefined) {
      assertDocument(PolicyDocument, ctx);
    }
    const { catalog, clock } = ctx.services;
    const nameInUse = () =>
      ctx.fail('FailedOperation.PolicyNameInUse', { en: `There is a policy ${PolicyName} already.`, zh: `策略 ${PolicyName} 已存在。` });
    const policyId = await catalog
      .transaction(async (tables) => {
        const policy = await findPolicy(PolicyId, PolicyName, tables, ctx);
        assertCustom(policy, ctx);
        const isRenamed = PolicyName !== undefined && PolicyName !== policy.name;
        if (isRenamed && (await tables.policies.byName(policy.accountId, PolicyName)) !== undefined) {
          throw nameInUse();
        }
        await tables.policies.update(policy.accountId, policy.policyId, {
          ...(isRenamed ? { name: PolicyName } : {}),
          ...(Description === undefined ? {} : { description: Description }),
          ...(PolicyDocument === undefined ? {} : { document: PolicyDocument }),
          updatedAt: clock.now(),
        });
        return policy.policyId;
      })
      .catch(async (error: unknown) => {
        if (isDomainError(error, 'catalog-conflict')) {
          // Another node may have deleted the policy or taken the name between the look and the write; any other conflict is a fault.
          const { accountId, policyId: found } = await findPolicy(PolicyId, PolicyName, catalog, ctx);
          const holder = PolicyName === undefined ? undefined : await catalog.policies.byName(accountId, PolicyName);
          throw holder === undefined || holder.policyId === found ? error : nameInUse();
        }
        throw error;
      });
    return { PolicyId: policyId };
  },
});

async function findPolicy(
  policyId: number | undefined,
  name: string | undefined,
  tables: CatalogTables,
  ctx: ActionContext<'InvalidParameter.ParamError' | 'ResourceNotFound.NotFound' | 'ResourceNotFound.PolicyIdNotFound'>,
): Promise<PolicyRecord> {
  if (policyId !== undefined) {
    return getPolicy(policyId, tables, ctx);
  }
  if (name === undefined) {
    throw ctx.fail('InvalidParameter.ParamError', {
      en: 'One of PolicyId and PolicyName is required.',
      zh: 'PolicyId 与 PolicyName 必须提供其一。',
    });
  }
  const policy = await tables.policies.byName(ctx.principal.accountId, name);
  if (policy === undefined) {
    throw ctx.fail('ResourceNotFound.NotFound', { en: `There is no policy ${name}.`, zh: `不存在策略 ${name}。` });
  }
  return policy;
}
