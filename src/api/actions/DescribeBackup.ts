import type { Backup } from '../../catalog/catalog.ts';
import { defineAction } from '../action.ts';
import { bool, list, structure, text } from '../schema.ts';
import { RedisBackupSet, toRedisBackupSet } from '../shapes/redis-backup-set.ts';
import { formatWireTime } from '../shapes/wire-time.ts';
import { getBackup } from './backup-access.ts';

const wireTime = (at: number | null) => (at === null ? '' : formatWireTime(at));

export const DescribeBackup = defineAction({
  name: 'DescribeBackup',
  product: 'redkeep',
  summary: 'Tells everything about one backup.',
  description: 'What DescribeInstanceBackups lists of it, and what keeps it, whether it was proven to load, and when its data go or went.',
  input: structure({ InstanceId: text('Id of the instance.'), BackupId: text('Id of the backup.') }),
  output: structure({
    Backup: structure({ ...RedisBackupSet.properties }, 'As in DescribeInstanceBackups.'),
    UserLocked: bool('Whether LockBackup keeps it.'),
    Holds: list(
      structure({
        Kind: text('download, restore, proof or clone.'),
        Id: text('Tells holders of one kind apart.'),
        EndTime: text('When the hold ends by itself, UTC+8.'),
      }),
      'Who uses it at present, and keeps it by that.',
    ),
    Kept: bool('Whether it is one of the newest that can be relied on, which retention never removes.'),
    Proof: structure(
      {
        State: text('unproven, proven, failed or not_provable.'),
        Time: text('When it was tried, UTC+8; empty while unproven.'),
        ServerKind: text('redis or valkey, of the server that loaded it; empty where none did.'),
        ServerVersion: text('Version of the server that loaded it; empty where none did.'),
        Message: text('What was compared, what went wrong or what is lacking; empty while unproven.'),
      },
      'Whether it was seen to load.',
    ),
    Scrub: structure(
      {
        State: text('unchecked, intact, damaged, or unreadable where the storage failed.'),
        Time: text('When its stored bytes were last read again, UTC+8; empty while unchecked.'),
        Message: text('What is wrong; empty where nothing is.'),
      },
      'The last time that all stored bytes were read in the background.',
    ),
    RemovalTime: text('From when on the data of an expired backup are removed, UTC+8; else empty.'),
    DeletedTime: text('When its data were seen to be gone, UTC+8; empty until Status is -2.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameterValue.BackupNotExists',
    'ResourceNotFound.InstanceNotExists',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', BackupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d' },
    output: {
      Backup: {
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
      UserLocked: false,
      Holds: [],
      Kept: true,
      Proof: { State: 'unproven', Time: '', ServerKind: '', ServerVersion: '', Message: '' },
      Scrub: { State: 'unchecked', Time: '', Message: '' },
      RemovalTime: '',
      DeletedTime: '',
    },
  },

  async handle(input, ctx) {
    const { catalog, clock, keepMin } = ctx.services;
    const at = clock.now();
    const { backup, instance } = await getBackup(input, catalog, ctx);
    const holds = await catalog.lifecycle.holds(backup.backupId, at);
    const floor = await catalog.lifecycle.floor(instance.instanceId, keepMin, at);
    return {
      Backup: toRedisBackupSet(backup, at),
      UserLocked: backup.locked,
      Holds: holds.map(({ holder, until }) => ({ Kind: holder.kind, Id: holder.id, EndTime: formatWireTime(until) })),
      Kept: floor.includes(backup.backupId),
      Proof: toProof(backup),
      Scrub: { State: backup.scrub.state, Time: wireTime(backup.scrub.at), Message: backup.scrub.message },
      RemovalTime: backup.state === 'expired' ? wireTime(backup.removableAt) : '',
      DeletedTime: wireTime(backup.deletedAt),
    };
  },
});

function toProof({ proof: { state, at, serverKind, serverVersion, message } }: Backup) {
  return { State: state, Time: wireTime(at), ServerKind: serverKind, ServerVersion: serverVersion, Message: message };
}
