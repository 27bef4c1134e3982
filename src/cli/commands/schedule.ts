import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';
import { readWhole } from '../read-whole.ts';

interface Schedule {
  WeekDays: string[];
  TimePeriod: string;
  BackupStorageDays: number;
}

/** `redkeep schedule show|set|stop`. */
export const addScheduleCommands: AddCommand = (program, io, finish) => {
  const schedule = program.command('schedule').description('automatic backups of an instance');

  withConnection(schedule.command('show'))
    .description('tell when an instance is backed up by itself')
    .argument('<instance>', 'its id or its name')
    .action((instance: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call<Schedule>('redis', 'DescribeAutoBackupConfig', { InstanceId: instanceId });
        io.out(options.json ? renderJson(answer) : `${toSentence(answer)}\n`);
        return EXIT.ok;
      }),
    );

  withConnection(schedule.command('set'))
    .description('back an instance up by itself; what is not given stays as it is')
    .argument('<instance>', 'its id or its name')
    .option('--days <names>', 'comma-separated, such as Monday,Thursday (the first time: all seven)', (text) => text.split(','))
    .option('--time <window>', 'a whole hour, such as 01:00-02:00, in the zone of the server (the first time: 00:00-01:00)')
    .option('--storage-days <days>', 'days to keep a backup, 1 to 1825 (the first time: 7)', (text) => readWhole('--storage-days', text))
    .action((instance: string, options: ConnectionOptions & { days?: string[]; time?: string; storageDays?: number }) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call<Schedule>('redis', 'ModifyAutoBackupConfig', {
          InstanceId: instanceId,
          ...(options.days === undefined ? {} : { WeekDays: options.days }),
          ...(options.time === undefined ? {} : { TimePeriod: options.time }),
          ...(options.storageDays === undefined ? {} : { BackupStorageDays: options.storageDays }),
        });
        io.out(options.json ? renderJson(answer) : `${toSentence(answer)}\n`);
        return EXIT.ok;
      }),
    );

  withConnection(schedule.command('stop'))
    .description('end the automatic backups of an instance; those that exist stay for their days')
    .argument('<instance>', 'its id or its name')
    .action((instance: string, options: ConnectionOptions) =>
      finish(async () => {
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const answer = await client.call('redkeep', 'StopAutoBackup', { InstanceId: instanceId });
        io.out(options.json ? renderJson(answer) : `${instanceId} has no automatic backups any more\n`);
        return EXIT.ok;
      }),
    );
};

function toSentence({ WeekDays, TimePeriod, BackupStorageDays }: Schedule): string {
  if (WeekDays.length === 0) {
    return 'no automatic backups';
  }
  const days = WeekDays.length === 7 ? 'every day' : WeekDays.join(', ');
  return `${days}, ${TimePeriod}, kept for ${BackupStorageDays} ${BackupStorageDays === 1 ? 'day' : 'days'}`;
}
