import { USABLE_STATES } from '../../catalog/backup-state.ts';
import type { Backup, BackupState, Catalog, CatalogTables, Task } from '../../catalog/catalog.ts';
import type { EventKind } from '../../catalog/events.ts';
import type { Holder, Proof } from '../../catalog/lifecycle.ts';
import type { ProofTaskPayload } from '../../catalog/proof-task.ts';
import { type ProofProgress, type ProofResult, type ProofServer, proveBackup } from '../../engine/prove-backup.ts';
import type { Clock } from '../../lib/clock.ts';
import { DomainError, describeError, isDomainError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { TaskHandler } from '../task.ts';
import { recordBadBackup } from './bad-backup.ts';
import { useBackup } from './use-backup.ts';

/** Which backups are proven by themselves; any may be by hand. `newest`: of each instance only the newest that there is. */
export type ProofPolicy = 'all' | 'newest' | 'none';

export interface ProveBackupOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly policy: ProofPolicy;
  readonly storageUrl: string;
  /** The keyring as text, for the worker thread. */
  readonly keyring: () => string;
  /** The servers that are installed here now. */
  readonly servers: () => Promise<readonly ProofServer[]>;
  /** Parent of the directories of throw-away servers. */
  readonly workDirectory: string;
  /** What a throw-away server may take, now. */
  readonly memoryBytes: () => number;
  readonly concurrency: number;
  /** Called when a verdict was reached, for metrics. */
  readonly onProof: (state: Verdict['state']) => void;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: EventKind) => void;
}

type Verdict = Proof & { readonly state: 'proven' | 'failed' | 'not_provable'; readonly at: number };

/** A storage that fails may be back within minutes; what outlasts that is tried again when the planner comes by. */
const MAX_TRIES = 10;

/** A proof by hand that did not end well: the task fails with it, and the verdict is recorded all the same. */
class NotProvenError extends DomainError {
  readonly verdict: Verdict;

  constructor(backupId: string, verdict: Verdict) {
    const { state, message } = verdict;
    super(
      state === 'failed' ? 'backup-bad' : 'backup-not-provable',
      state === 'failed' ? `backup ${backupId} is bad: ${message}` : `backup ${backupId} cannot be proven here: ${message}`,
    );
    this.verdict = verdict;
  }
}

/**
 * Loads a backup into a throw-away server and records how that went. A proof that was asked for by hand succeeds where the backup is proven,
 * and fails with the reason where it is not; one by policy succeeds with any verdict, and leaves out what has become needless meanwhile.
 * A try that ends without a verdict changes nothing, and its server and directory go with it, or at the next start.
 */
export function createProveBackupHandler(options: ProveBackupOptions): TaskHandler {
  const { catalog, clock, onProof, onAlarm } = options;

  /** Only a bad backup is an alarm. */
  async function recordVerdict(tables: CatalogTables, backup: Backup, verdict: Verdict): Promise<void> {
    if (verdict.state === 'failed') {
      await recordBadBackup(tables, backup, verdict, onAlarm);
    } else {
      await tables.lifecycle.recordProof(backup.backupId, verdict);
    }
  }

  async function judge(backup: Backup, context: Parameters<TaskHandler['run']>[1]): Promise<ProofResult> {
    const { signal, setProgress } = context;
    const request = {
      backup: { backupId: backup.backupId, attempt: backup.attempt ?? 0 },
      storageUrl: options.storageUrl,
      keyring: options.keyring(),
      servers: closestFirst(await options.servers(), backup),
      workDirectory: options.workDirectory,
      memoryBytes: options.memoryBytes(),
    };
    return proveBackup(request, { signal, onProgress: (progress) => setProgress(toShare(progress)) });
  }

  return {
    concurrency: options.concurrency,
    maxTries: MAX_TRIES,
    yieldsToStop: true,
    async run(task, context) {
      const { backupId, byHand } = readPayload(task);
      const backup = await catalog.backups.get(backupId);
      if (await isNeedless(options, task, backup)) {
        return undefined;
      }
      if (backup === undefined || !isUsable(backup)) {
        throw new DomainError(
          'backup-not-usable',
          `backup ${backupId} is ${backup?.state ?? 'unknown'}: there is nothing to prove any more`,
        );
      }
      const site = { catalog, clock, onAlarm, log: context.log };
      const { result, end } = await useBackup(site, backupId, holderOf(task), () => judge(backup, context));
      const verdict = toVerdict(result, clock.now());
      tell(context.log, backupId, verdict);
      onProof(verdict.state);
      if (byHand && verdict.state !== 'proven') {
        await end(catalog);
        throw new NotProvenError(backupId, verdict);
      }
      return async (tables) => {
        await end(tables);
        await recordVerdict(tables, backup, verdict);
      };
    },

    async recordFailure(task, tables, error) {
      // Of a try that ended with its process.
      await tables.lifecycle.release(readPayload(task).backupId, holderOf(task));
      const backup = await tables.backups.get(readPayload(task).backupId);
      if (backup === undefined || !isUsable(backup)) {
        return;
      }
      if (error instanceof NotProvenError) {
        await recordVerdict(tables, backup, error.verdict);
      } else if (isDomainError(error, 'task-abandoned')) {
        // It may be the proof that ends the process: not to be tried again by itself.
        const message = `a proof was begun ${MAX_TRIES} times and never ended: ${describeError(error)}`;
        await recordVerdict(tables, backup, { state: 'not_provable', at: clock.now(), serverKind: '', serverVersion: '', message });
      }
    },
  };
}

function holderOf({ taskId }: Task): Holder {
  return { kind: 'proof', id: String(taskId) };
}

function readPayload(task: Task): ProofTaskPayload {
  return JSON.parse(task.payload) as ProofTaskPayload;
}

function isUsable({ state }: Backup): boolean {
  return (USABLE_STATES as readonly BackupState[]).includes(state);
}

/** By hand: a proof that has ended since it was asked for will do. */
async function isNeedless({ catalog, clock, policy }: ProveBackupOptions, task: Task, backup: Backup | undefined): Promise<boolean> {
  if (readPayload(task).byHand) {
    return backup?.proof.state === 'proven' && (backup.proof.at ?? 0) >= task.createdAt;
  }
  if (backup === undefined || !isUsable(backup) || backup.proof.state !== 'unproven' || policy === 'none') {
    return true;
  }
  return policy === 'newest' && (await catalog.lifecycle.isOutdated(backup, clock.now()));
}

/** A server of the kind and version that wrote the backup says most about it. */
function closestFirst(servers: readonly ProofServer[], { serverKind, serverVersion }: Backup): ProofServer[] {
  const distance = ({ kind, version }: ProofServer) => (kind === serverKind ? (version === serverVersion ? 0 : 1) : 2);
  return servers.toSorted((a, b) => distance(a) - distance(b));
}

function toVerdict({ result, reason, serverKind, serverVersion }: ProofResult, at: number): Verdict {
  return {
    state: result === 'not-provable' ? 'not_provable' : result,
    at,
    serverKind: serverKind === 'unknown' ? '' : serverKind,
    serverVersion,
    message: reason,
  };
}

function tell(log: Logger, backupId: string, { state, serverKind, serverVersion, message }: Verdict): void {
  const fields = { backupId, state, serverKind, serverVersion, message };
  if (state === 'failed') {
    log.error(fields, 'proof.failed');
  } else {
    log.info(fields, state === 'proven' ? 'proof.proven' : 'proof.not-provable');
  }
}

/** Starting and comparing take no time beside the loading. */
function toShare({ sentBytes, totalBytes }: ProofProgress): number {
  return totalBytes === 0 ? 0 : sentBytes / totalBytes;
}
