import { defineAction } from '../../action.ts';
import { int64, list, structure, text, uint64 } from '../../schema.ts';
import { Tag, toPolicyType } from '../../shapes/strategy-info.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';
import { getPolicy } from './policy-access.ts';

export const GetPolicy = defineAction({
  name: 'GetPolicy',
  product: 'cam',
  summary: 'Shows a policy with its document.',
  description: 'Custom or preset, by its id.',
  input: structure({ PolicyId: uint64('Id of the policy.') }),
  output: structure({
    PolicyName: text('Name.'),
    Description: text('Description.'),
    Type: int64('1 custom, 2 preset.'),
    AddTime: text('When it was made, UTC+8.'),
    UpdateTime: text('When it was last changed, UTC+8.'),
    PolicyDocument: text('The document, as it was given.'),
    PresetAlias: text('Always empty.'),
    IsServiceLinkedRolePolicy: int64('Always 0.'),
    Tags: list(Tag, 'Always empty.'),
  }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'ResourceNotFound.PolicyIdNotFound'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { PolicyId: 4 },
    output: {
      PolicyName: 'QcloudRedisReadOnlyAccess',
      Description: 'The reading actions of product redis.',
      Type: 2,
      AddTime: '2026-11-24 08:00:00',
      UpdateTime: '2026-11-24 08:00:00',
      PolicyDocument:
        '{"version":"2.0","statement":[{"effect":"allow","action":["redis:Describe*","redis:InquiryPrice*"],"resource":["*"]}]}',
      PresetAlias: '',
      IsServiceLinkedRolePolicy: 0,
      Tags: [],
    },
  },

  async handle({ PolicyId }, ctx) {
    const policy = await getPolicy(PolicyId, ctx.services.catalog, ctx);
    return {
      PolicyName: policy.name,
      Description: policy.description,
      Type: toPolicyType(policy.kind),
      AddTime: formatWireTime(policy.createdAt),
      UpdateTime: formatWireTime(policy.updatedAt),
      PolicyDocument: policy.document,
      PresetAlias: '',
      IsServiceLinkedRolePolicy: 0,
      Tags: [],
    };
  },
});
