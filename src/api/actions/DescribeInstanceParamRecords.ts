import { defineAction } from '../action.ts';
import { int64, list, optional, structure, text, uint64 } from '../schema.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';
import { assertPage } from './list-page.ts';

const MOST_LIMIT = 200;

/** All fields of the SDK model, in its order. */
export const InstanceParamHistory = structure({
  ParamName: text('Name of the parameter.'),
  PreValue: text('Value before.'),
  NewValue: text('Value after.'),
  Status: int64('1 under way, 2 done, 3 failed.'),
  ModifyTime: text('When it was changed, UTC+8.'),
});

export const DescribeInstanceParamRecords = defineAction({
  name: 'DescribeInstanceParamRecords',
  product: 'redis',
  summary: 'Tells which parameters of an instance were changed.',
  description: 'Always none: the parameters of a server are not changed through this API.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    Limit: optional(uint64('Size of the page, 1 to 200. Default: 100.')),
    Offset: optional(uint64('Rows to skip, a multiple of Limit. Default: 0.')),
  }),
  output: structure({ TotalCount: int64('Always 0.'), InstanceParamHistory: list(InstanceParamHistory, 'Always empty.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', Limit: 20, Offset: 0 }, output: { TotalCount: 0, InstanceParamHistory: [] } },

  async handle({ InstanceId, Limit = 100, Offset = 0 }, ctx) {
    assertInstanceId(InstanceId, ctx);
    assertPage({ limit: Limit, offset: Offset, most: MOST_LIMIT }, ctx);
    await getInstance(InstanceId, ctx.services.catalog, ctx);
    return { TotalCount: 0, InstanceParamHistory: [] };
  },
});
