import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ApiCallError, type Client } from '../../api/client.ts';
import { DomainError, describeError, isDomainError } from '../../lib/errors.ts';
import { renderProof } from '../backup-proofs.ts';
import type { Finish } from '../cli.ts';
import { type ConnectionOptions, connect } from '../connection.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../exit-codes.ts';
import { findInstance } from '../find-instance.ts';
import type { Io } from '../io.ts';
import { listBackups } from '../list-backups.ts';
import { byShare } from '../measure-task.ts';
import { withConnection } from '../options.ts';
import { renderJson } from '../output.ts';
import { waitForTask } from '../wait-for-task.ts';

interface VerifyOptions extends ConnectionOptions {
  all?: boolean;
  wait: boolean;
}

interface Verified {
  readonly BackupId: string;
  readonly TaskId: number;
  readonly Result: 'proven' | 'failed' | 'not_provable';
  readonly ServerKind: string;
  readonly ServerVersion: string;
  readonly Message: string;
}

/** The windows of the limit of requests are this long. */
const LIMIT_PAUSE_MS = 1_000;

/** No other backup would fare better. */
const STOPS: readonly ExitCode[] = [EXIT.unreachable, EXIT.denied, EXIT.interrupted];

/** Statuses of backups that have bytes: normal, converting, converted. */
const USABLE = [2, 3, 4];

/** `redkeep backup verify`. */
export function addBackupVerifyCommand(backup: Command, io: Io, finish: Finish): void {
  withConnection(backup.command('verify'))
    .description('load a backup into a throw-away server and tell whether it holds what it should')
    .argument('<instance>', 'its id or its name')
    .argument('[backup-id]', 'as `backup list` shows it')
    .option('--all', 'every backup of the instance, one after the other, oldest first')
    .option('--no-wait', 'return as soon as the tasks are under way; prints their ids')
    .addHelpText(
      'after',
      '\nExit status 7 where a backup is bad, else 1 where one could not be verified, else 3 where one cannot be proven on this machine, else 0.',
    )
    .action((instance: string, backupId: string | undefined, options: VerifyOptions) =>
      finish(async () => {
        if ((backupId === undefined) === (options.all !== true)) {
          throw new DomainError('usage-error', 'give either a backup id or --all');
        }
        const client = await connect(options, io);
        const instanceId = await findInstance(client, instance);
        const ids =
          backupId === undefined ? (await listBackups(client, instanceId, { Status: USABLE })).map((row) => row.BackupId) : [backupId];
        return options.wait ? verifyAll(client, instanceId, ids, options, io) : startAll(client, instanceId, ids, options, io);
      }),
    );
}

async function startAll(client: Client, instanceId: string, ids: readonly string[], options: VerifyOptions, io: Io): Promise<ExitCode> {
  const tasks: Array<{ BackupId: string; TaskId: number }> = [];
  const failures = await forEachBackup(ids, options, async (id) => {
    tasks.push({ BackupId: id, TaskId: await start(client, instanceId, id) });
  });
  if (options.json) {
    io.out(renderJson({ Tasks: tasks, ...failedOf(failures) }));
  } else {
    io.out(tasks.map(({ TaskId }) => `${TaskId}\n`).join(''));
  }
  return tellFailures(failures, io);
}

interface Failure {
  readonly BackupId: string;
  readonly error: unknown;
}

/**
 * Calls `work` for each backup. With `--all` one that fails does not keep the others from their turn, unless they would fail alike; without it
 * the error is thrown on.
 */
async function forEachBackup(ids: readonly string[], { all }: VerifyOptions, work: (id: string) => Promise<void>): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const BackupId of ids) {
    try {
      await work(BackupId);
    } catch (error) {
      if (all !== true) {
        throw error;
      }
      failures.push({ BackupId, error });
      if (STOPS.includes(exitCodeOf(error))) {
        break;
      }
    }
  }
  return failures;
}

function failedOf(failures: readonly Failure[]): object {
  return failures.length === 0 ? {} : { Failures: failures.map(({ BackupId, error }) => ({ BackupId, Message: describeError(error) })) };
}

/** Names what could not be verified, behind everything else. */
function tellFailures(failures: readonly Failure[], io: Io): ExitCode {
  for (const { BackupId, error } of failures) {
    io.err(`redkeep: ${BackupId} was not verified: ${describeError(error)}\n`);
  }
  const last = failures.at(-1);
  const status = last === undefined ? EXIT.ok : exitCodeOf(last.error);
  return last === undefined || STOPS.includes(status) ? status : EXIT.failed;
}

async function start(client: Client, instanceId: string, backupId: string): Promise<number> {
  for (;;) {
    try {
      return (await client.call<{ TaskId: number }>('redkeep', 'VerifyBackup', { InstanceId: instanceId, BackupId: backupId })).TaskId;
    } catch (error) {
      if (!(error instanceof ApiCallError && error.code === 'RequestLimitExceeded')) {
        throw error;
      }
      await sleep(LIMIT_PAUSE_MS);
    }
  }
}

/** Each result is told as soon as it is there. */
async function verifyAll(client: Client, instanceId: string, ids: readonly string[], options: VerifyOptions, io: Io): Promise<ExitCode> {
  const results: Verified[] = [];
  const failures = await forEachBackup(ids, options, async (id) => {
    const verified = await verify(client, instanceId, id, io);
    results.push(verified);
    if (!options.json) {
      io.out(`${id} ${renderProof({ ...verified, State: verified.Result })}: ${verified.Message}\n`);
    }
  });
  if (options.json) {
    io.out(renderJson({ Results: results, ...failedOf(failures) }));
  }
  const status = tellFailures(failures, io);
  const has = (result: Verified['Result']) => results.some(({ Result }) => Result === result);
  return has('failed') ? EXIT.faultFound : status !== EXIT.ok ? status : has('not_provable') ? EXIT.notSetUp : EXIT.ok;
}

async function verify(client: Client, instanceId: string, backupId: string, io: Io): Promise<Verified> {
  const describe = () =>
    client.call<{ Backup: { BackupSize: number }; Proof: { State: string; ServerKind: string; ServerVersion: string; Message: string } }>(
      'redkeep',
      'DescribeBackup',
      { InstanceId: instanceId, BackupId: backupId },
    );
  const totalBytes = (await describe()).Backup.BackupSize;
  const taskId = await start(client, instanceId, backupId);
  let verdict: Pick<Verified, 'Result' | 'Message'> | undefined;
  try {
    await waitForTask(client, taskId, io, 'verification', byShare(instanceId, totalBytes));
  } catch (error) {
    verdict = readVerdict(error);
  }
  const { ServerKind, ServerVersion, Message } = (await describe()).Proof;
  const proof = { BackupId: backupId, TaskId: taskId, ServerKind, ServerVersion };
  // Of a backup that could not be proven now, the proof that is known may be an earlier one.
  return verdict === undefined
    ? { ...proof, Result: 'proven', Message }
    : { ...proof, ...(verdict.Result === 'not_provable' ? { ServerKind: '', ServerVersion: '' } : {}), ...verdict };
}

/** The verdict that a failed verification tells; any other failure is thrown on. */
function readVerdict(error: unknown): Pick<Verified, 'Result' | 'Message'> {
  const [, words, message = ''] =
    (isDomainError(error, 'task-failed') &&
      /^verification failed: backup \S+ (is bad|cannot be proven here): (.*)$/s.exec(error.message)) ||
    [];
  if (words === undefined) {
    throw error;
  }
  return { Result: words === 'is bad' ? 'failed' : 'not_provable', Message: message };
}
