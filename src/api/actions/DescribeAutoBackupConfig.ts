import { defineAction } from '../action.ts';
import { int64, structure, text } from '../schema.ts';
import { AutoBackupConfig, toAutoBackupConfig } from '../shapes/auto-backup-config.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

/** The vendor's binary log, which nothing here has: always the value that it documents. */
const BINLOG_STORAGE_DAYS = 7;

export const DescribeAutoBackupConfig = defineAction({
  name: 'DescribeAutoBackupConfig',
  product: 'redis',
  summary: 'Tells when an instance is backed up by itself.',
  description: 'An instance for which ModifyAutoBackupConfig was never called has no days, and no automatic backups.',
  input: structure({ InstanceId: text('Id of the instance.') }),
  output: structure({ ...AutoBackupConfig.properties, BinlogStorageDays: int64('Always 7; it means nothing here.') }),
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
  example: {
    input: { InstanceId: 'crs-5a4py64p' },
    output: { AutoBackupType: 1, WeekDays: [], TimePeriod: '00:00-01:00', BackupStorageDays: 7, BinlogStorageDays: 7 },
  },

  async handle({ InstanceId }, ctx) {
    const { catalog } = ctx.services;
    assertInstanceId(InstanceId, ctx);
    await getInstance(InstanceId, catalog, ctx);
    return { ...toAutoBackupConfig(await catalog.schedules.get(InstanceId)), BinlogStorageDays: BINLOG_STORAGE_DAYS };
  },
});
