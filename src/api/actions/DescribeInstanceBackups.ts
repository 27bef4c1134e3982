import type { Static } from 'typebox';
import type { BackupQuery, BackupState } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { commonErrors } from '../errors/common-errors.ts';
import type { Message } from '../errors/message.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { RedisBackupSet, toBackupState, toRedisBackupSet } from '../shapes/redis-backup-set.ts';
import { parseWireTime } from '../shapes/wire-time.ts';
import { assertInstanceId, getInstance, visibleIds } from './instance-access.ts';
import { assertSearchText } from './search-text.ts';

const MOST_LIMIT = 100;
const MOST_SPAN_MS = 30 * 86_400_000;
const DEFAULT_STATES: readonly BackupState[] = ['running', 'available', 'converting', 'converted'];

const input = structure({
  InstanceId: optional(text('Id of the instance. Required by the profile `seed`, unless InstanceName is given.')),
  Limit: optional(int64('Size of the page, 1 to 100. Default: 20.')),
  Offset: optional(int64('Rows to skip, a multiple of Limit. Default: 0.')),
  BeginTime: optional(text('Backups started at or after this second, yyyy-MM-dd HH:mm:ss, UTC+8.')),
  EndTime: optional(text('Backups started at or before this second, yyyy-MM-dd HH:mm:ss, UTC+8.')),
  Status: optional(
    list(int64('Status.'), '1 in process, 2 normal, 3 converting to RDB, 4 converted, -1 expired, -2 deleted. Default: 1, 2, 3 and 4.'),
  ),
  InstanceName: optional(text('Part of the name of the instance, in any case; at most 60 characters.')),
});

type Input = Static<typeof input>;
type Code = (typeof errors)[number];
type Context = ActionContext<Code>;

const errors = [
  'MissingParameter',
  'InternalError.DbOperationFailed',
  'InternalError.InternalError',
  'InvalidParameter.InvalidParameter',
  'InvalidParameter.PermissionDenied',
  'ResourceNotFound.InstanceNotExists',
  'UnauthorizedOperation.NoCAMAuthed',
] as const;

/** The two backups of the contract's example, with the fields that have been added since. */
const examplePage: Array<Static<typeof RedisBackupSet>> = [
  {
    StartTime: '2018-09-04 12:51:21',
    BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
    BackupType: '0',
    Status: 2,
    Remark: 'For testing',
    Locked: 0,
    BackupSize: 1234,
    FullBackup: 0,
    InstanceType: 17,
    InstanceId: 'crs-5a4py64p',
    InstanceName: 'orders',
    Region: 'ap-guangzhou',
    EndTime: '2018-09-04 12:51:26',
    FileType: 'RDB-Redis 7.0',
    ExpireTime: '2018-09-11 12:51:21',
    Encrypted: true,
  },
  {
    StartTime: '2018-09-04 12:53:06',
    BackupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d',
    BackupType: '0',
    Status: 2,
    Remark: 'xxx',
    Locked: 0,
    BackupSize: 1234,
    FullBackup: 0,
    InstanceType: 17,
    InstanceId: 'crs-5a4py64p',
    InstanceName: 'orders',
    Region: 'ap-guangzhou',
    EndTime: '2018-09-04 12:53:11',
    FileType: 'RDB-Redis 7.0',
    ExpireTime: '2018-09-11 12:53:06',
    Encrypted: true,
  },
];

export const DescribeInstanceBackups = defineAction({
  name: 'DescribeInstanceBackups',
  product: 'redis',
  summary: 'Lists the backups of an instance.',
  description:
    'Oldest first by start, ties by BackupId. TotalCount counts all rows that match, before Limit and Offset. The list stands under ' +
    'BackupSet, which the SDKs read, and under RedisBackupSet, which the first edition of the contract shows.',
  input,
  output: structure({
    TotalCount: int64('Backups that match.'),
    BackupSet: list(RedisBackupSet, 'The page.'),
    RedisBackupSet: list(RedisBackupSet, 'The page once more.'),
  }),
  errors,
  access: { kind: 'read', resource: ({ InstanceId }) => (InstanceId === undefined ? [] : [InstanceId]) },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', Limit: 5, Offset: 0 },
    output: { TotalCount: 2, BackupSet: examplePage, RedisBackupSet: examplePage },
  },

  async handle(parameters, ctx) {
    const query = readQuery(parameters, ctx);
    const { catalog, clock } = ctx.services;
    const instanceIds = await visibleIds(ctx);
    const { total, backups } = await catalog.backups.page(instanceIds === undefined ? query : { ...query, instanceIds });
    // A row proves that the caller has the instance here, so only a question that matches nothing needs the look-up.
    if (total === 0 && query.instanceId !== undefined) {
      await getInstance(query.instanceId, catalog, ctx);
    }
    const at = clock.now();
    const page = backups.map((backup) => toRedisBackupSet(backup, at));
    return { TotalCount: total, BackupSet: page, RedisBackupSet: page };
  },
});

function readQuery(parameters: Input, ctx: Context): BackupQuery {
  const { InstanceId, InstanceName = '' } = parameters;
  if (InstanceId !== undefined) {
    assertInstanceId(InstanceId, ctx);
  } else if (InstanceName === '' && ctx.services.profile === 'seed') {
    throw commonErrors.missingParameter('InstanceId');
  }
  assertSearchText('InstanceName', InstanceName, ctx);
  return {
    accountId: ctx.principal.accountId,
    region: ctx.region,
    ...(InstanceId === undefined ? {} : { instanceId: InstanceId }),
    ...(InstanceName === '' ? {} : { instanceNameContains: InstanceName }),
    states: readStates(parameters.Status, ctx),
    ...readSpan(parameters, ctx),
    ...readPage(parameters, ctx),
  };
}

function readStates(statuses: readonly number[] | undefined, ctx: Context): readonly BackupState[] {
  if (statuses === undefined || statuses.length === 0) {
    return DEFAULT_STATES;
  }
  const states = new Set<BackupState>();
  for (const status of statuses) {
    const state = toBackupState(status);
    if (state === undefined) {
      throw invalid(ctx, {
        en: `Status holds ${status}; it must be 1, 2, 3, 4, -1 or -2.`,
        zh: `Status 包含 ${status}，必须是 1、2、3、4、-1 或 -2。`,
      });
    }
    states.add(state);
  }
  return [...states];
}

function readSpan({ BeginTime, EndTime }: Input, ctx: Context): { startedFrom?: number; startedTo?: number } {
  const from = BeginTime === undefined ? undefined : readTime('BeginTime', BeginTime, ctx);
  const to = EndTime === undefined ? undefined : readTime('EndTime', EndTime, ctx);
  if (from !== undefined && to !== undefined) {
    if (from > to) {
      throw invalid(ctx, {
        en: `BeginTime ${BeginTime} is after EndTime ${EndTime}.`,
        zh: `BeginTime ${BeginTime} 晚于 EndTime ${EndTime}。`,
      });
    }
    if (ctx.services.profile === 'current' && to - from > MOST_SPAN_MS) {
      throw invalid(ctx, {
        en: `BeginTime ${BeginTime} and EndTime ${EndTime} are more than 30 days apart.`,
        zh: `BeginTime ${BeginTime} 与 EndTime ${EndTime} 相隔超过 30 天。`,
      });
    }
  }
  return {
    ...(from === undefined ? {} : { startedFrom: from }),
    // EndTime covers its whole second.
    ...(to === undefined ? {} : { startedTo: to + 999 }),
  };
}

function readTime(name: string, value: string, ctx: Context): number {
  const at = parseWireTime(value);
  if (at === undefined) {
    const quoted = JSON.stringify(value.slice(0, 64));
    throw invalid(ctx, {
      en: `${name} is ${quoted}; it must be a real time in the form yyyy-MM-dd HH:mm:ss.`,
      zh: `${name} 为 ${quoted}，必须是格式为 yyyy-MM-dd HH:mm:ss 的真实时间。`,
    });
  }
  return at;
}

function readPage({ Limit = 20, Offset = 0 }: Input, ctx: Context): { limit: number; offset: number } {
  if (Limit < 1 || Limit > MOST_LIMIT) {
    throw invalid(ctx, { en: `Limit is ${Limit}; it must be 1 to ${MOST_LIMIT}.`, zh: `Limit 为 ${Limit}，必须是 1 到 ${MOST_LIMIT}。` });
  }
  if (Offset < 0 || Offset % Limit !== 0 || !Number.isSafeInteger(Offset)) {
    throw invalid(ctx, {
      en: `Offset is ${Offset}; it must be at least 0 and a multiple of Limit, which is ${Limit}.`,
      zh: `Offset 为 ${Offset}，不能小于 0，且必须是 Limit（${Limit}）的整数倍。`,
    });
  }
  return { limit: Limit, offset: Offset };
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
