import { DomainError } from '../../lib/errors.ts';
import { readBackupProofs } from '../backup-proofs.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { type BackupPage, listBackups, PAGE } from '../list-backups.ts';
import { byShare } from '../measure-task.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';
import { readWhole } from '../read-whole.ts';
import { renderBackups } from '../render-backups.ts';
import { waitForTask } from '../wait-for-task.ts';
import { addBackupCloneCommand } from './backup-clone.ts';
import { addBackupDownloadCommand } from './backup-download.ts';
import { addBackupLifeCommands } from './backup-life.ts';
import { addBackupRestoreCommand } from './backup-restore.ts';
import { addBackupVerifyCommand } from './backup-verify.ts';

/** `redkeep backup create|list|show|lock|unlock|delete|download|verify|restore|clone`. */
export const addBackupCommands: AddCommand = (program, io, finish) => {
  const backup = program.command('backup').description('backups of an instance');

  withConnection(backup.command('create'))
    .description('take a backup now and wait for it; prints its backup id')
    .argument('<instance>', 'its id or its name')
    .option('--remark <text>', 'free text kept with the backup')
    .option(
      '--storage-days <days>',
      'days to keep it, 1 to 1825 (default: as an automatic one of its instance, 7 without a schedule)',
      (text) => readWhole('--storage-days', text),
    )
    .option('--no-wait', 'return as soon as the backup is under way; prints the task id')
    .action((instance: string, options: ConnectionOptions & { remark?: string; storageDays?: number; wait: boolean }) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const { TaskId } = await client.call<{ TaskId: number }>('redis', 'ManualBackupInstance', {
          InstanceId: instanceId,
          ...(options.remark === undefined ? {} : { Remark: options.remark }),
          ...(options.storageDays === undefined ? {} : { StorageDays: options.storageDays }),
        });
        if (!options.wait) {
          io.out(options.json ? renderJson({ TaskId }) : `${TaskId}\n`);
          return EXIT.ok;
        }
        const task = await waitForTask(client, TaskId, io, 'backup', byShare(instanceId));
        // The backup started with its task. Tasks of an instance run one after the other, so that of several in this second it is the last.
        const page = await client.call<BackupPage>('redis', 'DescribeInstanceBackups', {
          InstanceId: instanceId,
          BeginTime: task.StartTime,
          EndTime: task.StartTime,
          Limit: PAGE,
        });
        const made = page.BackupSet.at(-1);
        if (made === undefined) {
          throw new DomainError('task-failed', `task ${TaskId} succeeded, but the backup is no longer listed`);
        }
        io.out(options.json ? renderJson({ TaskId, ...made }) : `${made.BackupId}\n`);
        return EXIT.ok;
      }),
    );

  withConnection(backup.command('list'))
    .description('list the backups of an instance, oldest first')
    .argument('<instance>', 'its id or its name')
    .option('--status <numbers>', 'comma-separated, such as 2,4 (default 1,2,3,4)', (text) =>
      text.split(',').map((part) => readWhole('--status', part)),
    )
    .option('--begin <time>', 'started at or after "yyyy-MM-dd HH:mm:ss", UTC+8')
    .option('--end <time>', 'started at or before "yyyy-MM-dd HH:mm:ss", UTC+8')
    .action((instance: string, options: ConnectionOptions & { status?: number[]; begin?: string; end?: string }) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const rows = await listBackups(client, instanceId, {
          ...(options.status === undefined ? {} : { Status: options.status }),
          ...(options.begin === undefined ? {} : { BeginTime: options.begin }),
          ...(options.end === undefined ? {} : { EndTime: options.end }),
        });
        const proofs = await readBackupProofs(
          client,
          instanceId,
          rows.map((row) => row.BackupId),
        );
        if (options.json) {
          io.out(renderJson({ TotalCount: rows.length, BackupSet: rows, Proofs: [...proofs.values()] }));
        } else {
          io.out(renderBackups(rows, proofs));
        }
        return EXIT.ok;
      }),
    );

  addBackupLifeCommands(backup, io, finish);
  addBackupDownloadCommand(backup, io, finish);
  addBackupVerifyCommand(backup, io, finish);
  addBackupRestoreCommand(backup, io, finish);
  addBackupCloneCommand(backup, io, finish);
};
