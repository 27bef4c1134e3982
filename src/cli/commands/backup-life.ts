import type { Command } from 'commander';
import { renderProof } from '../backup-proofs.ts';
import type { Finish } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import type { Io } from '../io.ts';
import { withConnection } from '../options.ts';
import { renderBytes, renderJson, renderTable } from '../output.ts';
import { STATUS_WORDS } from '../render-backups.ts';
import { waitForTask } from '../wait-for-task.ts';

interface BackupLife {
  Backup: {
    BackupId: string;
    InstanceId: string;
    InstanceName: string;
    StartTime: string;
    EndTime: string;
    ExpireTime: string;
    Status: number;
    BackupType: string;
    BackupSize: number;
    FileType: string;
    Remark: string;
  };
  UserLocked: boolean;
  Holds: Array<{ Kind: string; Id: string; EndTime: string }>;
  Kept: boolean;
  Proof: { State: string; Time: string; ServerKind: string; ServerVersion: string; Message: string };
  Scrub: { State: string; Time: string; Message: string };
  RemovalTime: string;
  DeletedTime: string;
}

const TYPE_WORDS: Readonly<Record<string, string>> = { 0: 'manual', 1: 'automatic', 2: 'change of specification' };

/** `redkeep backup show|lock|unlock|delete`. */
export function addBackupLifeCommands(backup: Command, io: Io, finish: Finish): void {
  const ofBackup = (name: string) =>
    withConnection(backup.command(name)).argument('<instance>', 'its id or its name').argument('<backup-id>', 'as `backup list` shows it');

  ofBackup('show')
    .description('tell everything about one backup: what keeps it, whether it is proven, when it goes')
    .action((instance: string, backupId: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call<BackupLife>('redkeep', 'DescribeBackup', { InstanceId: instanceId, BackupId: backupId });
        io.out(options.json ? renderJson(answer) : renderTable(['FACT', 'VALUE'], toFacts(answer)));
        return EXIT.ok;
      }),
    );

  for (const [name, action, description] of [
    ['lock', 'LockBackup', 'keep a backup until it is unlocked'],
    ['unlock', 'UnlockBackup', 'let retention treat a backup like any other again'],
  ] as const) {
    ofBackup(name)
      .description(description)
      .action((instance: string, backupId: string, options: ConnectionOptions) =>
        finish(async () => {
          const client = await connect(options, io);
          const instanceId = await findInstance(client, instance);
          const answer = await client.call('redkeep', action, { InstanceId: instanceId, BackupId: backupId });
          io.out(options.json ? renderJson(answer) : `${backupId} ${name}ed\n`);
          return EXIT.ok;
        }),
      );
  }

  ofBackup('delete')
    .description('delete a backup without grace and wait until its data are gone')
    .option('--force', 'even one of the newest that can be relied on')
    .option('--no-wait', 'return as soon as the removal is under way; prints the task id')
    .action((instance: string, backupId: string, options: ConnectionOptions & { force?: boolean; wait: boolean }) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call<{ TaskId: number }>('redkeep', 'DeleteBackup', {
          InstanceId: instanceId,
          BackupId: backupId,
          ...(options.force ? { Force: true } : {}),
        });
        if (options.wait) {
          await waitForTask(client, answer.TaskId, io, 'removal');
        }
        io.out(options.json ? renderJson(answer) : options.wait ? `${backupId} deleted\n` : `${answer.TaskId}\n`);
        return EXIT.ok;
      }),
    );
}

function toFacts({ Backup, UserLocked, Holds, Kept, Proof, Scrub, RemovalTime, DeletedTime }: BackupLife): string[][] {
  const together = (...parts: string[]) => parts.filter((part) => part !== '').join(', ');
  return [
    ['id', Backup.BackupId],
    ['instance', `${Backup.InstanceId} ${Backup.InstanceName}`],
    ['state', STATUS_WORDS[Backup.Status] ?? String(Backup.Status)],
    ['type', TYPE_WORDS[Backup.BackupType] ?? Backup.BackupType],
    ['start (UTC+8)', Backup.StartTime],
    ['end', Backup.EndTime],
    ['expiry', Backup.ExpireTime],
    ['size', renderBytes(Backup.BackupSize)],
    ['format', Backup.FileType],
    ['remark', Backup.Remark],
    ['proof', together(renderProof(Proof), Proof.Time, Proof.Message)],
    ['stored bytes', together(Scrub.State, Scrub.Time, Scrub.Message)],
    ['locked', UserLocked ? 'yes' : 'no'],
    ...Holds.map(({ Kind, Id, EndTime }) => ['held by', `${Kind} ${Id} until ${EndTime}`]),
    ['one of the newest', Kept ? 'yes, kept whatever its age' : 'no'],
    ...(RemovalTime === '' ? [] : [['removal', RemovalTime]]),
    ...(DeletedTime === '' ? [] : [['deleted', DeletedTime]]),
  ];
}
