import { defineAction } from '../../action.ts';
import { structure, uint64 } from '../../schema.ts';
import { getPolicy } from './policy-access.ts';
import { getUserByUin } from './user-access.ts';

export const DetachUserPolicy = defineAction({
  name: 'DetachUserPolicy',
  product: 'cam',
  summary: 'Takes a policy from a sub-account.',
  description: 'It counts from the next request on. Detaching what is not attached changes nothing.',
  input: structure({ PolicyId: uint64('Id of the policy.'), DetachUin: uint64('Uin of the user.') }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'ResourceNotFound.PolicyIdNotFound',
    'ResourceNotFound.UserNotExist',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { PolicyId: 10000001, DetachUin: 100000000003 }, output: {} },

  async handle({ PolicyId, DetachUin }, ctx) {
    await ctx.services.catalog.transaction(async (tables) => {
      const { policyId } = await getPolicy(PolicyId, tables, ctx);
      const { accountId, uin } = await getUserByUin(DetachUin, tables, ctx);
      await tables.policies.detach(accountId, uin, policyId);
    });
    return {};
  },
});
