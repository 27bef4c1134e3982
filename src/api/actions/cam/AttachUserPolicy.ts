import { defineAction } from '../../action.ts';
import { structure, uint64 } from '../../schema.ts';
import { getPolicy } from './policy-access.ts';
import { getUserByUin } from './user-access.ts';

/** "Use limits" page of CAM. */
const MOST_ATTACHMENTS = 200;

export const AttachUserPolicy = defineAction({
  name: 'AttachUserPolicy',
  product: 'cam',
  summary: 'Gives a policy to a sub-account.',
  description: 'It counts from the next request on. Attaching it again changes nothing. A user has at most 200 policies.',
  input: structure({ PolicyId: uint64('Id of the policy.'), AttachUin: uint64('Uin of the user.') }),
  output: structure({}),
  errors: [
    'FailedOperation.PolicyFull',
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'ResourceNotFound.PolicyIdNotFound',
    'ResourceNotFound.UserNotExist',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { PolicyId: 4, AttachUin: 100000000003 }, output: {} },

  async handle({ PolicyId, AttachUin }, ctx) {
    const { catalog, clock } = ctx.services;
    await catalog.transaction(async (tables) => {
      const { policyId } = await getPolicy(PolicyId, tables, ctx);
      const { accountId, uin } = await getUserByUin(AttachUin, tables, ctx);
      const attachments = await tables.policies.attachments({ accountId, uin });
      if (attachments.length >= MOST_ATTACHMENTS && !attachments.some((attachment) => attachment.policyId === policyId)) {
        throw ctx.fail('FailedOperation.PolicyFull', {
          en: `User ${uin} has ${attachments.length} policies; at most ${MOST_ATTACHMENTS} are allowed.`,
          zh: `子用户 ${uin} 已关联 ${attachments.length} 个策略，最多 ${MOST_ATTACHMENTS} 个。`,
        });
      }
      await tables.policies.attach({ accountId, uin, policyId, attachedAt: clock.now(), attachedBy: ctx.principal.uin });
    });
    return {};
  },
});
