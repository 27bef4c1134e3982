import type { PolicyKind } from '../../../catalog/access.ts';
import { defineAction } from '../../action.ts';
import { int64, list, optional, structure, text, uint64 } from '../../schema.ts';
import { StrategyInfo, toStrategyInfo } from '../../shapes/strategy-info.ts';
import { assertKeyword, readPage } from './page.ts';

/** What each scope lists; all where it names no kind. */
const SCOPES: ReadonlyMap<string, PolicyKind | undefined> = new Map([
  ['All', undefined],
  ['QCS', 'preset'],
  ['Local', 'custom'],
]);

export const ListPolicies = defineAction({
  name: 'ListPolicies',
  product: 'cam',
  summary: 'Lists policies.',
  description: 'Preset ones first, each kind oldest first. TotalNum counts all that match, before paging.',
  input: structure({
    Rp: optional(uint64('Rows of a page, 1 to 200. Default: 20.')),
    Page: optional(uint64('Number of the page, 1 to 200. Default: 1.')),
    Scope: optional(text('All (default), QCS for preset ones, Local for custom ones.')),
    Keyword: optional(text('Part of the name, in any case, at most 128 characters.')),
  }),
  output: structure({
    TotalNum: int64('Policies that match.'),
    List: list(StrategyInfo, 'The page.'),
    ServiceTypeList: list(text('Product.'), 'Always empty.'),
  }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'InvalidParameter.ParamError', 'InvalidParameter.ScopeError'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { Scope: 'Local' },
    output: {
      TotalNum: 1,
      List: [
        {
          PolicyId: 10000001,
          PolicyName: 'backups-of-orders',
          AddTime: '2018-09-01 10:00:00',
          Type: 1,
          Description: 'Listing the backups of one instance.',
          CreateMode: 2,
          Attachments: 1,
          ServiceType: '',
          Deactived: 0,
          DeactivedDetail: [],
          IsServiceLinkedPolicy: 0,
          AttachEntityCount: 1,
          AttachEntityBoundaryCount: 0,
          UpdateTime: '2018-09-01 10:00:00',
          Tags: [],
          PermissionLevel: '',
        },
      ],
      ServiceTypeList: [],
    },
  },

  async handle(parameters, ctx) {
    const { Scope = 'All', Keyword = '' } = parameters;
    assertKeyword(Keyword, ctx);
    if (!SCOPES.has(Scope)) {
      throw ctx.fail('InvalidParameter.ScopeError', {
        en: `Scope is ${JSON.stringify(Scope.slice(0, 64))}; it must be All, QCS or Local.`,
        zh: `Scope 为 ${JSON.stringify(Scope.slice(0, 64))}，必须是 All、QCS 或 Local。`,
      });
    }
    const kind = SCOPES.get(Scope);
    const { total, policies } = await ctx.services.catalog.policies.list({
      accountId: ctx.principal.accountId,
      ...(kind === undefined ? {} : { kind }),
      ...(Keyword === '' ? {} : { nameContains: Keyword }),
      ...readPage(parameters, ctx),
    });
    return { TotalNum: total, List: policies.map(toStrategyInfo), ServiceTypeList: [] };
  },
});
