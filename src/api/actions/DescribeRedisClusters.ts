import type { Static } from 'typebox';
import { type ActionContext, defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { assertPage } from './list-page.ts';
import { assertSearchText } from './search-text.ts';
import { assertElements, assertOneOf } from './value-rules.ts';

const MOST_LIMIT = 1000;
const MOST_FILTERS = 100;

const input = structure({
  RedisClusterIds: optional(list(text('Id.'), 'Any of these clusters; at most 100.')),
  Status: optional(list(int64('Number.'), 'Any of 1 under way, 2 running, 3 isolated.')),
  ProjectIds: optional(list(int64('Id.'), 'Any of these projects; at most 100.')),
  AutoRenewFlag: optional(list(int64('Mode.'), 'Any of 0 by hand, 1 by itself, 2 never.')),
  ClusterName: optional(text('The whole name; at most 60 characters.')),
  SearchKey: optional(text('Id or name; at most 60 characters.')),
  Limit: optional(int64('Size of the page, 1 to 1000. Default: 20.')),
  Offset: optional(int64('Rows to skip, a multiple of Limit. Default: 0.')),
  DedicatedClusterId: optional(text('Clusters of this dedicated cluster; at most 60 characters.')),
});

export const ResourceBundle = structure({
  ResourceBundleName: text('Name.'),
  AvailableMemory: int64('GB that can be sold.'),
  Count: int64('Bundles.'),
});

/** All fields of the SDK model, in its order. */
export const CDCResource = structure({
  AppId: int64('Owner.'),
  RegionId: int64('Number of the region.'),
  ZoneId: int64('Number of the zone.'),
  RedisClusterId: text('Id.'),
  PayMode: int64('1 prepaid, 0 pay-as-you-go.'),
  ProjectId: int64('Project.'),
  AutoRenewFlag: int64('Renewal.'),
  ClusterName: text('Name.'),
  StartTime: text('When it was made.'),
  EndTime: text('When it runs out.'),
  Status: int64('1 under way, 2 running, 3 isolated.'),
  BaseBundles: list(ResourceBundle, 'Bundles for the control plane.'),
  ResourceBundles: list(ResourceBundle, 'Bundles.'),
  DedicatedClusterId: text('Dedicated cluster that it is of.'),
});

export const DescribeRedisClusters = defineAction({
  name: 'DescribeRedisClusters',
  product: 'redis',
  summary: 'Lists dedicated clusters.',
  description: 'Always none: a dedicated cluster is hardware of the vendor. The filters are looked at as if there were some.',
  input,
  output: structure({ Total: int64('Always 0.'), Resources: list(CDCResource, 'Always empty.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { Status: [2], Limit: 20 }, output: { Total: 0, Resources: [] } },

  async handle(parameters, ctx) {
    assertFilters(parameters, ctx);
    return { Total: 0, Resources: [] };
  },
});

function assertFilters(parameters: Static<typeof input>, ctx: ActionContext<'InvalidParameter.InvalidParameter'>): void {
  const { RedisClusterIds = [], Status = [], ProjectIds = [], AutoRenewFlag = [], Limit = 20, Offset = 0 } = parameters;
  const { ClusterName = '', SearchKey = '', DedicatedClusterId = '' } = parameters;
  assertPage({ limit: Limit, offset: Offset, most: MOST_LIMIT }, ctx);
  for (const [name, values] of Object.entries({ RedisClusterIds, Status, ProjectIds, AutoRenewFlag })) {
    assertElements(name, values, MOST_FILTERS, ctx);
  }
  for (const [index, id] of RedisClusterIds.entries()) {
    assertSearchText(`RedisClusterIds.${index}`, id, ctx);
  }
  for (const [index, status] of Status.entries()) {
    assertOneOf(`Status.${index}`, status, [1, 2, 3], ctx);
  }
  for (const [index, flag] of AutoRenewFlag.entries()) {
    assertOneOf(`AutoRenewFlag.${index}`, flag, [0, 1, 2], ctx);
  }
  for (const [name, value] of Object.entries({ ClusterName, SearchKey, DedicatedClusterId })) {
    assertSearchText(name, value, ctx);
  }
}
