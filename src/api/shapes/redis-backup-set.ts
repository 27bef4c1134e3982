import type { Static } from 'typebox';
import type { Backup, BackupState } from '../../catalog/catalog.ts';
import { bool, int64, structure, text } from '../schema.ts';
import { toEngineVersion } from './engine-version.ts';
import { formatWireTime } from './wire-time.ts';

/** One backup as the API lists it: the six fields of the contract's first edition, then those that the SDK model has today. */
export const RedisBackupSet = structure({
  StartTime: text('Start of the backup, UTC+8.'),
  BackupId: text('Version-1 UUID of the start instant.'),
  BackupType: text('"0" manual, "1" automatic, "2" made by a change of specification.'),
  Status: int64('1 in process, 2 normal, 3 converting to RDB, 4 converted, -1 expired, -2 deleted.'),
  Remark: text('Free text given at the start.'),
  Locked: int64('1 while a lock, or a download, restore or the like that is under way, keeps the backup from expiry and deletion; else 0.'),
  BackupSize: int64('Exact RDB bytes over all shards; 0 until Status is 2.'),
  FullBackup: int64('Always 0.'),
  InstanceType: int64('Number of engine version and architecture; 0 where it is not known yet.'),
  InstanceId: text('Instance of the backup.'),
  InstanceName: text('Name of the instance.'),
  Region: text('Region of the instance.'),
  EndTime: text('End of the backup, UTC+8; empty until Status is 2.'),
  FileType: text('Such as RDB-Redis 7.0.'),
  ExpireTime: text('When the backup expires, UTC+8; empty until Status is 2.'),
  Encrypted: bool('True: everything that is stored is encrypted.'),
});

/** Numbers of the states that can be listed; `failed` is internal and has none. */
export const BACKUP_STATUS = {
  running: 1,
  available: 2,
  converting: 3,
  converted: 4,
  expired: -1,
  deleted: -2,
} as const satisfies Record<Exclude<BackupState, 'failed'>, number>;

const STATES: ReadonlyMap<number, BackupState> = new Map(
  Object.entries(BACKUP_STATUS).map(([state, status]) => [status, state as keyof typeof BACKUP_STATUS]),
);

/** The state that a number means, undefined where it is none of the six. */
export function toBackupState(status: number): BackupState | undefined {
  return STATES.get(status);
}

const TYPES = { manual: '0', automatic: '1', 'specification-change': '2' } as const satisfies Record<Backup['type'], string>;

/** The backup as it is at the instant `at`, on which holds depend. */
export function toRedisBackupSet(backup: Backup, at: number): Static<typeof RedisBackupSet> {
  if (backup.state === 'failed') {
    throw new Error(`backup ${backup.backupId} failed and must not be listed`);
  }
  const isRunning = backup.state === 'running';
  const { type, fileType } = toEngineVersion(backup.serverKind, backup.serverVersion);
  return {
    StartTime: formatWireTime(backup.startedAt),
    BackupId: backup.backupId,
    BackupType: TYPES[backup.type],
    Status: BACKUP_STATUS[backup.state],
    Remark: backup.remark,
    Locked: backup.locked || backup.heldUntil > at ? 1 : 0,
    BackupSize: isRunning ? 0 : backup.sizeBytes,
    FullBackup: 0,
    InstanceType: type,
    InstanceId: backup.instanceId,
    InstanceName: backup.instanceName,
    Region: backup.region,
    EndTime: isRunning || backup.endedAt === null ? '' : formatWireTime(backup.endedAt),
    FileType: fileType,
    ExpireTime: isRunning ? '' : formatWireTime(backup.expiresAt),
    Encrypted: true,
  };
}
