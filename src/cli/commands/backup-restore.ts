import type { Command } from 'commander';
import { DomainError } from '../../lib/errors.ts';
import type { Finish } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { findBackup } from '../find-backup.ts';
import { findInstance } from '../find-instance.ts';
import type { Io } from '../io.ts';
import { byPhase } from '../measure-task.ts';
import { withConnection } from '../options.ts';
import { renderJson, renderTable } from '../output.ts';
import { readWhole } from '../read-whole.ts';
import { waitForTask } from '../wait-for-task.ts';

interface RestoreOptions extends ConnectionOptions {
  to: string;
  from?: string;
  keyPattern?: string;
  database: number[];
  type: string[];
  replace?: boolean;
  ttl?: string;
  dryRun?: boolean;
  safetyBackup: boolean;
  yes?: boolean;
  wait: boolean;
}

interface Counted {
  readonly Name: string;
  readonly Keys: number;
}

interface Restored {
  readonly SafetyBackupId: string;
  readonly Way: string;
  readonly Keys: number;
  readonly ByDatabase: readonly Counted[];
  readonly ByType: readonly Counted[];
  readonly Existing: number;
  readonly Report: readonly string[];
}

const collect =
  <Value>(read: (text: string) => Value) =>
  (text: string, earlier: Value[]) => [...earlier, read(text)];

/** `redkeep backup restore`. */
export function addBackupRestoreCommand(backup: Command, io: Io, finish: Finish): void {
  withConnection(backup.command('restore'))
    .description('restore a backup to a running instance, in place of everything that it holds, or merge a part of it into that')
    .argument('<backup-id>', 'as `backup list` shows it')
    .requiredOption('--to <instance>', 'id or name of the instance that it goes to')
    .option('--from <instance>', 'id or name of the instance that it is of (default: it is looked for)')
    .option('--key-pattern <pattern>', 'only keys of that form, as in KEYS; merged, nothing is removed')
    .option(
      '--database <number>',
      'only keys of that database, may be repeated; merged',
      collect((text) => readWhole('--database', text)),
      [],
    )
    .option('--type <type>', 'only keys of that type, such as hash, may be repeated; merged', collect(String), [])
    .option('--replace', 'of a part: let its keys take the place of those that are there')
    .option('--ttl <policy>', 'keep expiries (default), drop them, or shift them by seconds: +3600 or -3600')
    .option('--dry-run', 'change nothing, and count what would be restored and what is there already')
    .option('--no-safety-backup', 'do not back up first what the instance holds; a restore that goes wrong then cannot be undone')
    .option('--yes', 'do not ask before data are overwritten; must be given where nobody can be asked')
    .option('--no-wait', 'return as soon as the restore is under way; prints the task id')
    .action((backupId: string, options: RestoreOptions) =>
      finish(async () => {
        const ttl = readTtl(options.ttl);
        const isPart = options.keyPattern !== undefined || options.database.length > 0 || options.type.length > 0;
        const client = await connect(options, io);
        const to = await findInstance(client, options.to);
        const from = options.from === undefined ? undefined : await findInstance(client, options.from);
        const found = await findBackup(client, backupId, { ...(from === undefined ? {} : { from }), near: to });
        if (!options.dryRun && !options.yes && (!isPart || options.replace === true)) {
          await confirm(io, `${isPart ? 'Keys' : 'All data'} of ${to} will be overwritten by backup ${backupId}.`);
        }
        const { TaskId } = await client.call<{ TaskId: number }>('redkeep', 'RestoreBackup', {
          InstanceId: to,
          BackupId: backupId,
          BackupInstanceId: found.instanceId,
          ...(options.keyPattern === undefined ? {} : { KeyPattern: options.keyPattern }),
          ...(options.database.length === 0 ? {} : { Databases: options.database }),
          ...(options.type.length === 0 ? {} : { Types: options.type }),
          ...(options.replace ? { Replace: true } : {}),
          ...ttl,
          ...(options.dryRun ? { DryRun: true } : {}),
          ...(options.safetyBackup ? {} : { SafetyBackup: false }),
        });
        if (!options.wait) {
          io.out(options.json ? renderJson({ TaskId }) : `${TaskId}\n`);
          return EXIT.ok;
        }
        await waitForTask(client, TaskId, io, 'restore', byPhase());
        const restored = await client.call<Restored>('redkeep', 'DescribeRestore', { TaskId });
        io.out(options.json ? renderJson({ TaskId, ...restored }) : render(restored, to, options.dryRun === true));
        return EXIT.ok;
      }),
    );
}

async function confirm(io: Io, what: string): Promise<void> {
  if (io.ask === undefined) {
    throw new DomainError('usage-error', what, { hint: 'there is no terminal to ask on: add --yes if that is meant' });
  }
  const answer = await io.ask(`${what} Go on? [y/N] `);
  if (!/^y(?:es)?$/i.test(answer.trim())) {
    throw new DomainError('not-confirmed', 'nothing was changed');
  }
}

function render({ SafetyBackupId, Way, Keys, ByDatabase, ByType, Existing, Report }: Restored, to: string, dryRun: boolean): string {
  const report = Report.map((sentence) => `note: ${sentence}\n`).join('');
  if (dryRun) {
    const rows = [
      ...ByDatabase.map(({ Name, Keys: keys }) => [`database ${Name}`, String(keys)]),
      ...ByType.map(({ Name, Keys: keys }) => [`type ${Name}`, String(keys)]),
      ['all', String(Keys)],
      ['there already', String(Existing)],
    ];
    return `${renderTable(['OF', 'KEYS'], rows)}${report}`;
  }
  const done = Way === 'unknown' ? `${to} holds the backup\n` : `${Keys} keys restored to ${to}\n`;
  return `${done}${SafetyBackupId === '' ? '' : `what it held before is backup ${SafetyBackupId}\n`}${report}`;
}

function readTtl(text = 'keep'): object {
  if (text === 'keep' || text === 'drop') {
    return { TtlPolicy: text };
  }
  if (!/^[+-]\d{1,11}$/.test(text)) {
    throw new DomainError('usage-error', `--ttl is ${JSON.stringify(text)}; it may be keep, drop, or seconds with a sign, such as +3600`);
  }
  return { TtlPolicy: 'shift', TtlShift: Number(text) };
}
