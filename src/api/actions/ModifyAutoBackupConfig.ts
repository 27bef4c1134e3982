import type { Static } from 'typebox';
import type { Instance } from '../../catalog/catalog.ts';
import type { Schedule } from '../../catalog/schedules.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { AutoBackupConfig, DEFAULT_STORAGE_DAYS, toAutoBackupConfig } from '../shapes/auto-backup-config.ts';
import { ALL_WEEK_DAYS, parseTimePeriod, parseWeekDays } from '../shapes/backup-window.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

const MOST_STORAGE_DAYS = 1825;

const input = structure({
  InstanceId: text('Id of the instance.'),
  WeekDays: optional(
    list(
      text('Monday to Sunday.'),
      'Days with a backup. Absent or empty: as before, all seven the first time. StopAutoBackup ends automatic backups.',
    ),
  ),
  TimePeriod: optional(text('A whole hour, 00:00-01:00 to 23:00-00:00. Absent: as before, 00:00-01:00 the first time.')),
  AutoBackupType: optional(int64('Only 1: on the days and at the time given.')),
  BackupStorageDays: optional(int64('Days to keep an automatic backup, 1 to 1825. Absent: as before, 7 the first time.')),
});

type Context = ActionContext<
  | 'InvalidParameter.InvalidParameter'
  | 'InvalidParameter.NotSupported'
  | 'InvalidParameter.Period'
  | 'InvalidParameterValue.WeekDaysIsInvalid'
>;

export const ModifyAutoBackupConfig = defineAction({
  name: 'ModifyAutoBackupConfig',
  product: 'redis',
  summary: 'Says when an instance is backed up by itself.',
  description:
    'What is absent stays as it is. A window that is open when days or time change does not count any more, neither the old nor the new ' +
    'one. BackupStorageDays concerns backups to come; it is also how long a manual backup without StorageDays is kept.',
  input,
  output: structure({ ...AutoBackupConfig.properties }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.NotSupported',
    'InvalidParameter.Period',
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.WeekDaysIsInvalid',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', WeekDays: ['Monday', 'Thursday'], TimePeriod: '01:00-02:00', BackupStorageDays: 30 },
    output: { AutoBackupType: 1, WeekDays: ['Monday', 'Thursday'], TimePeriod: '01:00-02:00', BackupStorageDays: 30 },
  },

  async handle(parameters, ctx) {
    const { InstanceId } = parameters;
    const { catalog, clock } = ctx.services;
    assertInstanceId(InstanceId, ctx);
    const change = readChange(parameters, ctx);
    const schedule = await catalog.transaction(async (tables) => {
      assertScheduled(await getInstance(InstanceId, tables, ctx), ctx);
      const before = await tables.schedules.get(InstanceId);
      const after = apply(change, before, InstanceId, clock.now());
      await tables.schedules.put(after);
      return after;
    });
    return toAutoBackupConfig(schedule);
  },
});

type Change = Partial<Pick<Schedule, 'weekDays' | 'hour' | 'storageDays'>>;

function readChange({ WeekDays, TimePeriod, AutoBackupType = 1, BackupStorageDays }: Static<typeof input>, ctx: Context): Change {
  const weekDays = WeekDays === undefined ? undefined : parseWeekDays(WeekDays);
  if (WeekDays !== undefined && weekDays === undefined) {
    const wrong = JSON.stringify(WeekDays.find((name) => parseWeekDays([name]) === undefined)?.slice(0, 64));
    throw ctx.fail('InvalidParameterValue.WeekDaysIsInvalid', {
      en: `WeekDays has ${wrong}; each must be one of Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday.`,
      zh: `WeekDays 包含 ${wrong}，每一项必须为 Monday、Tuesday、Wednesday、Thursday、Friday、Saturday 或 Sunday。`,
    });
  }
  const hour = TimePeriod === undefined ? undefined : parseTimePeriod(TimePeriod);
  if (TimePeriod !== undefined && hour === undefined) {
    const quoted = JSON.stringify(TimePeriod.slice(0, 64));
    throw ctx.fail('InvalidParameter.Period', {
      en: `TimePeriod is ${quoted}; it must be one whole hour, such as 01:00-02:00 or 23:00-00:00.`,
      zh: `TimePeriod 为 ${quoted}，必须是一个整点小时，例如 01:00-02:00 或 23:00-00:00。`,
    });
  }
  if (AutoBackupType !== 1) {
    throw ctx.fail('InvalidParameter.NotSupported', {
      en: `AutoBackupType is ${AutoBackupType}; only 1 is supported.`,
      zh: `AutoBackupType 为 ${AutoBackupType}，仅支持 1。`,
    });
  }
  if (BackupStorageDays !== undefined && (BackupStorageDays < 1 || BackupStorageDays > MOST_STORAGE_DAYS)) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `BackupStorageDays is ${BackupStorageDays}; it must be 1 to ${MOST_STORAGE_DAYS}.`,
      zh: `BackupStorageDays 为 ${BackupStorageDays}，必须是 1 到 ${MOST_STORAGE_DAYS}。`,
    });
  }
  return {
    ...(weekDays === undefined ? {} : { weekDays }),
    ...(hour === undefined ? {} : { hour }),
    ...(BackupStorageDays === undefined ? {} : { storageDays: BackupStorageDays }),
  };
}

/** An instance that nobody backs up any more keeps its schedule for the record, and takes no other. */
function assertScheduled({ instanceId, state }: Instance, ctx: Context): void {
  if (state === 'detached') {
    throw ctx.fail('InvalidParameter.NotSupported', {
      en: `Instance ${instanceId} is detached and is not backed up any more; attach the server again to schedule backups.`,
      zh: `实例 ${instanceId} 已解绑，不再备份；如需定时备份，请重新接入该服务。`,
    });
  }
}

function apply(change: Change, before: Schedule | undefined, instanceId: string, at: number): Schedule {
  const first: Schedule = { instanceId, weekDays: ALL_WEEK_DAYS, hour: 0, storageDays: DEFAULT_STORAGE_DAYS, activeFrom: at };
  const after = { ...(before ?? first), ...change };
  const isSameTime = before !== undefined && after.hour === before.hour && after.weekDays.join() === before.weekDays.join();
  return isSameTime ? after : { ...after, activeFrom: at };
}
