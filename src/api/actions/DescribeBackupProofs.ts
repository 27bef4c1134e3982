import type { Backup } from '../../catalog/catalog.ts';
import { defineAction } from '../action.ts';
import { list, structure, text } from '../schema.ts';
import { formatWireTime } from '../shapes/wire-time.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

/** A page of DescribeInstanceBackups. */
const MOST_IDS = 100;

const wireTime = (at: number | null) => (at === null ? '' : formatWireTime(at));

export const DescribeBackupProofs = defineAction({
  name: 'DescribeBackupProofs',
  product: 'redkeep',
  summary: 'Tells for many backups whether they were proven to load, and when their stored bytes were last read again.',
  description: 'In the order of BackupIds; an id that the instance has no backup of is left out. DescribeBackup tells more about one.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    BackupIds: list(text('Id of a backup.'), 'Ids of backups of the instance, 1 to 100.'),
  }),
  output: structure({
    Proofs: list(
      structure({
        BackupId: text('Id of the backup.'),
        State: text('unproven, proven, failed or not_provable.'),
        Time: text('When it was tried, UTC+8; empty while unproven.'),
        ServerKind: text('redis or valkey, of the server that loaded it; empty where none did.'),
        ServerVersion: text('Version of the server that loaded it; empty where none did.'),
        Message: text('What was compared, what went wrong or what is lacking; empty while unproven.'),
        ScrubState: text('unchecked, intact, damaged, or unreadable where the storage failed.'),
        ScrubTime: text('When its stored bytes were last read again, UTC+8; empty while unchecked.'),
      }),
      'What is known of the backups.',
    ),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'ResourceNotFound.InstanceNotExists',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-5a4py64p', BackupIds: ['6cbbf53a-affe-11e8-905b-4846fb00c75d'] },
    output: {
      Proofs: [
        {
          BackupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d',
          State: 'unproven',
          Time: '',
          ServerKind: '',
          ServerVersion: '',
          Message: '',
          ScrubState: 'unchecked',
          ScrubTime: '',
        },
      ],
    },
  },

  async handle({ InstanceId, BackupIds }, ctx) {
    const { catalog } = ctx.services;
    assertInstanceId(InstanceId, ctx);
    if (BackupIds.length > MOST_IDS) {
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `BackupIds has ${BackupIds.length} elements; it must have at most ${MOST_IDS}.`,
        zh: `BackupIds 有 ${BackupIds.length} 个元素，最多 ${MOST_IDS} 个。`,
      });
    }
    const { instanceId } = await getInstance(InstanceId, catalog, ctx);
    const backups = await Promise.all(BackupIds.map((backupId) => catalog.backups.get(backupId)));
    return {
      Proofs: backups
        .filter((backup): backup is Backup => backup?.instanceId === instanceId && backup.state !== 'failed')
        .map(({ backupId, proof, scrub }) => ({
          BackupId: backupId,
          State: proof.state,
          Time: wireTime(proof.at),
          ServerKind: proof.serverKind,
          ServerVersion: proof.serverVersion,
          Message: proof.message,
          ScrubState: scrub.state,
          ScrubTime: wireTime(scrub.at),
        })),
    };
  },
});
