import type { Command } from 'commander';
import type { Finish } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findBackup } from '../find-backup.ts';
import { findInstance } from '../find-instance.ts';
import type { Io } from '../io.ts';
import { byShare } from '../measure-task.ts';
import { withConnection } from '../options.ts';
import { describeOrdered, findOrderTask, makePassword, readPassword } from '../ordered-instance.ts';
import { renderJson } from '../output.ts';
import { readWhole } from '../read-whole.ts';
import { waitForTask } from '../wait-for-task.ts';

interface CloneOptions extends ConnectionOptions {
  name?: string;
  from?: string;
  port?: number;
  passwordFile?: string;
  wait: boolean;
}

/** `redkeep backup clone`. */
export function addBackupCloneCommand(backup: Command, io: Io, finish: Finish): void {
  withConnection(backup.command('clone'))
    .description('create a local managed server that holds a backup; prints its instance id, and its address where the password is made up')
    .argument('<backup-id>', 'as `backup list` shows it')
    .option('--name <name>', 'name of the new instance (default: its id)')
    .option('--from <instance>', 'id or name of the instance that the backup is of (default: it is looked for)')
    .option('--port <port>', 'port on loopback (default: a free one)', (text) => readWhole('--port', text))
    .option('--password-file <file>', 'file with the password, so that it is in no command line (default: one is made up and printed)')
    .option('--no-wait', 'return as soon as it is ordered')
    .action((backupId: string, options: CloneOptions) =>
      finish(async () => {
        const given = options.passwordFile === undefined ? undefined : await readPassword(options.passwordFile);
        const password = given ?? makePassword();
        const client = await connect(options, io);
        const found = await findBackup(
          client,
          backupId,
          options.from === undefined ? {} : { from: await findInstance(client, options.from) },
        );
        const { InstanceSet } = await client.call<{ InstanceSet: Array<{ ZoneId: number }> }>('redis', 'DescribeInstances', {
          InstanceId: found.instanceId,
          Status: [0, 1, 2, -2, -3],
        });
        const { InstanceIds } = await client.call<{ InstanceIds: string[] }>('redis', 'CloneInstances', {
          InstanceId: found.instanceId,
          BackupId: backupId,
          GoodsNum: 1,
          ZoneId: InstanceSet[0]?.ZoneId ?? 0,
          BillingMode: 0,
          Period: 1,
          Password: password,
          ...(options.name === undefined ? {} : { InstanceName: options.name }),
          ...(options.port === undefined ? {} : { VPort: options.port }),
        });
        const [instanceId = ''] = InstanceIds;
        if (options.wait) {
          const task = await findOrderTask(client, instanceId, '026');
          await waitForTask(client, task, io, 'clone', byShare(instanceId, found.sizeBytes));
        }
        const { answer, text } = await describeOrdered(client, instanceId, given === undefined ? password : undefined);
        io.out(options.json ? renderJson(answer) : text);
        return EXIT.ok;
      }),
    );
}
