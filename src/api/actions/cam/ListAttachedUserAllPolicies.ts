import { defineAction } from '../../action.ts';
import { int64, list, optional, structure, text, uint64 } from '../../schema.ts';
import { CREATE_MODE, toPolicyType } from '../../shapes/strategy-info.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';
import { assertKeyword, readPage } from './page.ts';
import { getUserByUin } from './user-access.ts';

/** Everything but a list of groups is text in this one structure. */
export const AttachedUserPolicy = structure({
  PolicyId: text('Id.'),
  PolicyName: text('Name.'),
  Description: text('Description.'),
  AddTime: text('When the policy was made, UTC+8.'),
  StrategyType: text('1 custom, 2 preset.'),
  CreateMode: text('2: by policy syntax.'),
  Groups: list(structure({ GroupId: int64('Id.'), GroupName: text('Name.') }), 'Always empty: there are no user groups.'),
  Deactived: int64('Always 0.'),
  DeactivedDetail: list(text('Product.'), 'Always empty.'),
});

export const ListAttachedUserAllPolicies = defineAction({
  name: 'ListAttachedUserAllPolicies',
  product: 'cam',
  summary: 'Lists the policies of a sub-account, by kind or name.',
  description: 'There are no user groups: AttachType 2, what comes with a group, lists nothing.',
  input: structure({
    TargetUin: uint64('Uin of the user.'),
    Rp: uint64('Rows of a page, 1 to 200.'),
    Page: uint64('Number of the page, 1 to 200.'),
    AttachType: uint64('0 all, 1 directly attached, 2 with a group.'),
    StrategyType: optional(uint64('1 custom ones only, 2 preset ones only.')),
    Keyword: optional(text('Part of the name, in any case, at most 128 characters.')),
  }),
  output: structure({ PolicyList: list(AttachedUserPolicy, 'The page.'), TotalNum: int64('Policies that match.') }),
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
    input: { TargetUin: 100000000003, Rp: 20, Page: 1, AttachType: 0 },
    output: {
      PolicyList: [
        {
          PolicyId: '10000001',
          PolicyName: 'backups-of-orders',
          Description: 'Listing the backups of one instance.',
          AddTime: '2018-09-01 10:00:00',
          StrategyType: '1',
          CreateMode: '2',
          Groups: [],
          Deactived: 0,
          DeactivedDetail: [],
        },
      ],
      TotalNum: 1,
    },
  },

  async handle(parameters, ctx) {
    const { TargetUin, AttachType, StrategyType, Keyword = '' } = parameters;
    const page = readPage(parameters, ctx);
    assertKeyword(Keyword, ctx);
    if (AttachType > 2) {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `AttachType is ${AttachType}; it must be 0, 1 or 2.`,
        zh: `AttachType 为 ${AttachType}，必须是 0、1 或 2。`,
      });
    }
    if (StrategyType !== undefined && StrategyType !== 1 && StrategyType !== 2) {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `StrategyType is ${StrategyType}; it must be 1 or 2.`,
        zh: `StrategyType 为 ${StrategyType}，必须是 1 或 2。`,
      });
    }
    const { catalog } = ctx.services;
    const { accountId, uin } = await getUserByUin(TargetUin, catalog, ctx);
    if (AttachType === 2) {
      return { PolicyList: [], TotalNum: 0 };
    }
    const { total, policies } = await catalog.policies.list({
      accountId,
      attachedTo: uin,
      ...(StrategyType === undefined ? {} : { kind: StrategyType === 1 ? 'custom' : 'preset' }),
      ...(Keyword === '' ? {} : { nameContains: Keyword }),
      ...page,
    });
    return {
      PolicyList: policies.map((policy) => ({
        PolicyId: String(policy.policyId),
        PolicyName: policy.name,
        Description: policy.description,
        AddTime: formatWireTime(policy.createdAt),
        StrategyType: String(toPolicyType(policy.kind)),
        CreateMode: String(CREATE_MODE),
        Groups: [],
        Deactived: 0,
        DeactivedDetail: [],
      })),
      TotalNum: total,
    };
  },
});
