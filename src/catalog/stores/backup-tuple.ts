import type { Backup, BackupState } from '../catalog.ts';

/** What is selected of a backup, in the order of `BackupTuple`; account and region are known to who asks for a page. */
export const BACKUP_COLUMNS = [
  'backup_id',
  'instance_id',
  'instance_name',
  'type',
  'state',
  'remark',
  'locked',
  'started_at',
  'ended_at',
  'expires_at',
  'size_bytes',
  'server_kind',
  'server_version',
  'attempt',
] as const;

export type BackupTuple = [
  backupId: string,
  instanceId: string,
  instanceName: string,
  type: Backup['type'],
  state: BackupState,
  remark: string,
  locked: number,
  startedAt: number,
  endedAt: number | null,
  expiresAt: number,
  sizeBytes: number,
  serverKind: string,
  serverVersion: string,
  attempt: number | null,
];

export function toBackup(tuple: BackupTuple, accountId: string, region: string): Backup {
  return {
    backupId: tuple[0],
    accountId,
    region,
    instanceId: tuple[1],
    instanceName: tuple[2],
    type: tuple[3],
    state: tuple[4],
    remark: tuple[5],
    locked: tuple[6] === 1,
    startedAt: tuple[7],
    endedAt: tuple[8],
    expiresAt: tuple[9],
    sizeBytes: tuple[10],
    serverKind: tuple[11],
    serverVersion: tuple[12],
    attempt: tuple[13],
  };
}
