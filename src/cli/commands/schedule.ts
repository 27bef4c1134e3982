import { formatTimePeriod, parseTimePeriod, WEEK_DAYS } from '../../api/shapes/backup-window.ts';
import { DomainError } from '../../lib/errors.ts';
import type { AddCommand } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import { findNear } from '../find-near.ts';
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
    .option('--days <names>', 'comma-separated, such as Monday,Thursday (the first time: all seven)', readDays)
    .option('--time <window>', 'a whole hour, such as 01:00-02:00, in the zone of the server (the first time: 00:00-01:00)', readWindow)
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
        const hint = answer.WeekDays.length === 0 ? ': they were stopped; --days starts them anew' : '';
        io.out(options.json ? renderJson(answer) : `${toSentence(answer)}${hint}\n`);
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

/** The names as the API has them, however they are capitalized. Throws `usage-error` with the one that is none, and the near one. */
function readDays(text: string): string[] {
  return text.split(',').map((part) => {
    const given = part.trim();
    const day = WEEK_DAYS.find((name) => name.toLowerCase() === given.toLowerCase());
    if (day === undefined) {
      const near = findNear(given, WEEK_DAYS) ?? (given.length > 1 ? WEEK_DAYS.find((name) => hasPrefix(name, given)) : undefined);
      throw new DomainError(
        'usage-error',
        `--days has ${JSON.stringify(given)}; each must be one of ${WEEK_DAYS.join(', ')}, with commas and no spaces in between`,
        near === undefined ? {} : { hint: `did you mean ${near}?` },
      );
    }
    return day;
  });
}

function hasPrefix(name: string, prefix: string): boolean {
  return name.toLowerCase().startsWith(prefix.toLowerCase());
}

function readWindow(text: string): string {
  if (parseTimePeriod(text) === undefined) {
    const hour = Number(/^\d{1,2}/.exec(text)?.[0] ?? Number.NaN);
    throw new DomainError(
      'usage-error',
      `--time is ${JSON.stringify(text)}; it must be one whole hour, such as 01:00-02:00 or 23:00-00:00`,
      hour < 24 ? { hint: `did you mean ${formatTimePeriod(hour)}?` } : {},
    );
  }
  return text;
}

function toSentence({ WeekDays, TimePeriod, BackupStorageDays }: Schedule): string {
  if (WeekDays.length === 0) {
    return 'no automatic backups';
  }
  const days = WeekDays.length === 7 ? 'every day' : WeekDays.join(', ');
  return `${days}, ${TimePeriod}, kept for ${BackupStorageDays} ${BackupStorageDays === 1 ? 'day' : 'days'}`;
}
