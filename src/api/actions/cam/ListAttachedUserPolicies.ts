import { defineAction } from '../../action.ts';
import { int64, list, optional, structure, text, uint64 } from '../../schema.ts';
import { CREATE_MODE } from '../../shapes/strategy-info.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';
import { readPage } from './page.ts';
import { getUserByUin } from './user-access.ts';

export const AttachPolicyInfo = structure({
  PolicyId: int64('Id.'),
  PolicyName: text('Name.'),
  AddTime: text('When the policy was made, UTC+8.'),
  CreateMode: int64('2: by policy syntax.'),
  PolicyType: text('User custom, QCS preset.'),
  Remark: text('Description of the policy.'),
  OperateOwnerUin: text('Account of who attached it.'),
  OperateUin: text('Uin of who attached it.'),
  OperateUinType: int64('0: OperateUin is a uin.'),
  Deactived: int64('Always 0.'),
  DeactivedDetail: list(text('Product.'), 'Always empty.'),
});

export const ListAttachedUserPolicies = defineAction({
  name: 'ListAttachedUserPolicies',
  product: 'cam',
  summary: 'Lists the policies of a sub-account.',
  description: 'Preset ones first, each kind oldest first.',
  input: structure({
    TargetUin: uint64('Uin of the user.'),
    Page: optional(uint64('Number of the page, 1 to 200. Default: 1.')),
    Rp: optional(uint64('Rows of a page, 1 to 200. Default: 20.')),
  }),
  output: structure({ TotalNum: int64('Policies of the user.'), List: list(AttachPolicyInfo, 'The page.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.ParamError',
    'ResourceNotFound.UserNotExist',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { TargetUin: 100000000003 },
    output: {
      TotalNum: 1,
      List: [
        {
          PolicyId: 10000001,
          PolicyName: 'backups-of-orders',
          AddTime: '2018-09-01 10:00:00',
          CreateMode: 2,
          PolicyType: 'User',
          Remark: 'Listing the backups of one instance.',
          OperateOwnerUin: '100000000001',
          OperateUin: '100000000001',
          OperateUinType: 0,
          Deactived: 0,
          DeactivedDetail: [],
        },
      ],
    },
  },

  async handle(parameters, ctx) {
    const page = readPage(parameters, ctx);
    const { catalog } = ctx.services;
    const { accountId, uin } = await getUserByUin(parameters.TargetUin, catalog, ctx);
    const [{ total, policies }, attachments] = await Promise.all([
      catalog.policies.list({ accountId, attachedTo: uin, ...page }),
      catalog.policies.attachments({ accountId, uin }),
    ]);
    const attachers = new Map(attachments.map(({ policyId, attachedBy }) => [policyId, attachedBy]));
    return {
      TotalNum: total,
      List: policies.map((policy) => ({
        PolicyId: policy.policyId,
        PolicyName: policy.name,
        AddTime: formatWireTime(policy.createdAt),
        CreateMode: CREATE_MODE,
        PolicyType: policy.kind === 'custom' ? 'User' : 'QCS',
        Remark: policy.description,
        OperateOwnerUin: accountId,
        OperateUin: attachers.get(policy.policyId) ?? '',
        OperateUinType: 0,
        Deactived: 0,
        DeactivedDetail: [],
      })),
    };
  },
});
