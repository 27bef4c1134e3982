import { defineAction } from '../../action.ts';
import { list, structure, uint64 } from '../../schema.ts';
import { assertCustom, getPolicy } from './policy-access.ts';

const MOST_POLICIES = 200;

export const DeletePolicy = defineAction({
  name: 'DeletePolicy',
  product: 'cam',
  summary: 'Deletes custom policies.',
  description: 'They are detached from every user. All of them or, where one cannot be deleted, none.',
  input: structure({ PolicyId: list(uint64('Id.'), 'Ids of 1 to 200 policies.') }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.OperatePoliciesOverLimit',
    'InvalidParameter.ParamError',
    'ResourceNotFound.PolicyIdNotFound',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { PolicyId: [10000001] }, output: {} },

  async handle({ PolicyId }, ctx) {
    const ids = new Set(PolicyId);
    if (ids.size > MOST_POLICIES) {
      throw ctx.fail('InvalidParameter.OperatePoliciesOverLimit', {
        en: `PolicyId names ${ids.size} policies; it must name at most ${MOST_POLICIES}.`,
        zh: `PolicyId 包含 ${ids.size} 个策略，最多 ${MOST_POLICIES} 个。`,
      });
    }
    await ctx.services.catalog.transaction(async (tables) => {
      for (const id of ids) {
        const policy = await getPolicy(id, tables, ctx);
        assertCustom(policy, ctx);
        await tables.policies.delete(policy.accountId, policy.policyId);
      }
    });
    return {};
  },
});
