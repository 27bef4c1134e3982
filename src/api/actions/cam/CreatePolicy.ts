import { randomInt } from 'node:crypto';
import { isDomainError } from '../../../lib/errors.ts';
import { defineAction } from '../../action.ts';
import { int64, list, optional, structure, text } from '../../schema.ts';
import { Tag } from '../../shapes/strategy-info.ts';
import { assertDocument, assertPolicyFacts, POLICY_CODES } from './policy-access.ts';

/** "Use limits" page of CAM. */
const MOST_POLICIES = 1500;
/** As long as the vendor's ids; random, so that none is ever used twice, and far from those of preset policies. */
const ID_RANGE = [10_000_000, 1_000_000_000] as const;

export const CreatePolicy = defineAction({
  name: 'CreatePolicy',
  product: 'cam',
  summary: 'Makes a custom policy.',
  description: 'It has no effect until it is attached. A document with anything that is not understood is refused as a whole.',
  input: structure({
    PolicyName: text('Name, 1 to 128 letters, digits or +=,.@-_; unique in the account.'),
    PolicyDocument: text('Policy document, version 2.0, as JSON.'),
    Description: optional(text('At most 300 bytes.')),
    Tags: optional(list(Tag, 'None: policies have no tags here.')),
  }),
  output: structure({ PolicyId: int64('Id of the new policy.') }),
  errors: [
    'FailedOperation.PolicyFull',
    'FailedOperation.PolicyNameInUse',
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.ParamError',
    ...POLICY_CODES,
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: {
      PolicyName: 'list-backups',
      PolicyDocument:
        '{"version":"2.0","statement":[{"effect":"allow","action":["redis:DescribeInstanceBackups"],"resource":["qcs::redis:ap-guangzhou::instance/*"]}]}',
    },
    output: { PolicyId: 17698703 },
  },

  async handle({ PolicyName, PolicyDocument, Description = '', Tags = [] }, ctx) {
    assertPolicyFacts({ name: PolicyName, description: Description }, ctx);
    if (Tags.length > 0) {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `Tags has ${Tags.length} elements; it must be empty, since policies have no tags here.`,
        zh: `Tags 有 ${Tags.length} 个元素，必须为空，此处的策略没有标签。`,
      });
    }
    assertDocument(PolicyDocument, ctx);
    const { catalog, clock } = ctx.services;
    const { accountId } = ctx.principal;
    const policyId = randomInt(...ID_RANGE);
    const nameInUse = () =>
      ctx.fail('FailedOperation.PolicyNameInUse', { en: `There is a policy ${PolicyName} already.`, zh: `策略 ${PolicyName} 已存在。` });
    await catalog
      .transaction(async (tables) => {
        if ((await tables.policies.byName(accountId, PolicyName)) !== undefined) {
          throw nameInUse();
        }
        const { total } = await tables.policies.list({ accountId, kind: 'custom', limit: 1, offset: 0 });
        if (total >= MOST_POLICIES) {
          throw ctx.fail('FailedOperation.PolicyFull', {
            en: `The account has ${total} custom policies; at most ${MOST_POLICIES} are allowed.`,
            zh: `账号已有 ${total} 个自定义策略，最多 ${MOST_POLICIES} 个。`,
          });
        }
        await tables.policies.insert({
          policyId,
          accountId,
          name: PolicyName,
          kind: 'custom',
          description: Description,
          document: PolicyDocument,
          createdAt: clock.now(),
          updatedAt: clock.now(),
        });
      })
      .catch(async (error: unknown) => {
        // Another node may have taken the name between the look and the write; any other conflict is a fault.
        const isTaken = isDomainError(error, 'catalog-conflict') && (await catalog.policies.byName(accountId, PolicyName)) !== undefined;
        throw isTaken ? nameInUse() : error;
      });
    return { PolicyId: policyId };
  },
});
