import { defineAction } from '../action.ts';
import { bool, int64, structure, text } from '../schema.ts';
import { toInstanceSet } from '../shapes/instance-set.ts';
import { toRedisBackupSet } from '../shapes/redis-backup-set.ts';
import { findBackup } from './backup-access.ts';

export const DescribeBackupDetail = defineAction({
  name: 'DescribeBackupDetail',
  product: 'redis',
  summary: 'Shows one backup with the size of its instance.',
  description:
    'What is stored is encrypted, by AES-256-GCM under a key of the backup’s own that the site’s master key wraps; downloads are decrypted on their ' +
    'way, so that there is no key to hand out and DecryptKey and KmsKeyId are empty.',
  input: structure({ InstanceId: text('Id of the instance.'), BackupId: text('Id of the backup.') }),
  output: structure({
    BackupId: text('Id of the backup.'),
    StartTime: text('Start of the backup, UTC+8.'),
    EndTime: text('End of the backup, UTC+8; empty until Status is 2.'),
    BackupType: text('"0" manual, "1" automatic, "2" made by a change of specification.'),
    Status: int64('1 in process, 2 normal, 3 converting to RDB, 4 converted, -1 expired, -2 deleted.'),
    Remark: text('Free text given at the start.'),
    Locked: int64('As DescribeInstanceBackups tells it.'),
    BackupSize: int64('Exact RDB bytes over all shards; 0 until Status is 2.'),
    InstanceType: int64('Number of engine version and architecture when the backup was taken.'),
    MemSize: int64('Memory of a shard of the instance in MB, as last looked at.'),
    ShardNum: int64('Shards of the backup.'),
    ReplicasNum: int64('Replicas that the server reported, as last looked at.'),
    Encrypted: bool('True: everything that is stored is encrypted.'),
    DecryptKey: text('Always empty.'),
    KmsKeyId: text('Always empty.'),
    KeyAlgorithm: text('AES-256-GCM.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.BackupNotExists',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d' },
    output: {
      BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
      StartTime: '2018-09-04 12:51:21',
      EndTime: '2018-09-04 12:51:26',
      BackupType: '0',
      Status: 2,
      Remark: 'For testing',
      Locked: 0,
      BackupSize: 1234,
      InstanceType: 17,
      MemSize: 3,
      ShardNum: 1,
      ReplicasNum: 1,
      Encrypted: true,
      DecryptKey: '',
      KmsKeyId: '',
      KeyAlgorithm: 'AES-256-GCM',
    },
  },

  async handle(parameters, ctx) {
    const { catalog, clock } = ctx.services;
    const found = await findBackup(parameters, catalog, ctx);
    const backup = toRedisBackupSet(found.backup, clock.now());
    const instance = toInstanceSet(found.instance, []);
    return {
      BackupId: backup.BackupId,
      StartTime: backup.StartTime,
      EndTime: backup.EndTime,
      BackupType: backup.BackupType,
      Status: backup.Status,
      Remark: backup.Remark,
      Locked: backup.Locked,
      BackupSize: backup.BackupSize,
      InstanceType: backup.InstanceType,
      MemSize: instance.RedisShardSize,
      ShardNum: instance.RedisShardNum,
      ReplicasNum: instance.RedisReplicasNum,
      Encrypted: backup.Encrypted,
      DecryptKey: '',
      KmsKeyId: '',
      KeyAlgorithm: 'AES-256-GCM',
    };
  },
});
