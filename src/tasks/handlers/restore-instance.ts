import { USABLE_STATES } from '../../catalog/backup-state.ts';
import type { Backup, BackupState, Catalog, CatalogTables, Instance, Task, TaskPhase } from '../../catalog/catalog.ts';
import type { RestoreOutcome, RestorePayload } from '../../catalog/restores.ts';
import { restoreBackup, settleRestore } from '../../engine/restore-backup.ts';
import type { RestoreMark, RestoreProgress, RestoreRequest, RestoreResult, SettleResult } from '../../engine/restore-types.ts';
import type { ReplicationEndpoint } from '../../engine/send-as-master.ts';
import { DomainError, describeError, isDomainError } from '../../lib/errors.ts';
import type { TaskContext, TaskHandler } from '../task.ts';
import { requireRecent } from './order-age.ts';
import { clearSettled, createMarkRecorder, holderOf, type MarkSite, safetyFacts } from './restore-marks.ts';
import { type OpenSecrets, toSourceAddress } from './source-address.ts';
import { useBackup } from './use-backup.ts';

export interface RestoreSite extends MarkSite {
  readonly openSecrets: OpenSecrets;
  readonly storageUrl: string;
  /** The keyring as text, for the worker thread. */
  readonly keyring: () => string;
  /** How a server reaches this process while it is its master. */
  readonly endpoint: ReplicationEndpoint;
  /** Let servers fetch their data in plain text over a network. */
  readonly allowPlainText: boolean;
  readonly memoryCheck: 'refuse' | 'warn';
  /** Called when a restore has ended, for metrics. */
  readonly onEnd: (outcome: 'restored' | 'counted' | 'failed') => void;
}

/** Of a server that cannot be reached before it was touched; somebody waits for the answer. */
const MAX_TRIES_UNTOUCHED = 5;
/** Once it was touched: most of a day, since until then it may be left as our replica, which refuses writes. */
const MAX_TRIES = 1_000;
/** Without a safety backup, what was written since somebody asked would be lost. */
const LONGEST_WAIT_MS = 15 * 60_000;

/**
 * Restores a backup to the instance of the task. What an interrupted restore of the instance left is settled before anything else, but by a dry run, which changes nothing. A try that
 * finds the mark of its own task settles and ends: the world has moved on since somebody asked, so that the restore is not begun anew. That
 * holds until the end is recorded, also where nothing was left to be settled. The instance is online again, in one transaction with the end of the task.
 */
export function createRestoreInstanceHandler(site: RestoreSite): TaskHandler {
  const { catalog, onEnd } = site;
  return {
    concurrency: 2,
    maxTries: MAX_TRIES,
    lostAdvice:
      'where its server is still a replica of this service, tell it REPLICAOF NO ONE and set its masterauth back; then look at its data and restore again',
    async run(task, context) {
      const instance = await getTarget(site, task);
      const stored = await catalog.restores.mark(task.instanceId);
      const { dryRun, safety } = readPayload(task);
      if (stored !== undefined && !dryRun) {
        const mark = site.marks.open(stored.instanceId, stored.sealedMark);
        const settled = mark.settled ?? (await settle(site, { task, instance, mark, begunBy: stored.taskId }, context));
        if (stored.taskId === task.taskId) {
          return endInterrupted(site, task, settled);
        }
      }
      if (safety === null && !dryRun) {
        requireRecent(task, site.clock.now(), LONGEST_WAIT_MS);
      }
      return restore(site, task, instance, context);
    },
    async recordFailure(task, tables) {
      onEnd('failed');
      await endTask(site, tables, task);
      const safety = task.subject === '' ? undefined : await tables.backups.get(task.subject);
      if (safety?.state === 'running') {
        await tables.backups.fail(safety.backupId, site.clock.now());
      }
    },
  };
}

async function restore(site: RestoreSite, task: Task, instance: Instance, context: TaskContext) {
  const { lease, log, signal } = context;
  const payload = readPayload(task);
  const backup = await getUsable(site.catalog, payload.backupId);
  const facts = safetyFacts(instance, task, payload);
  const recorder = createMarkRecorder(site, { instance, task, lease, log, facts, begunBy: task.taskId });
  const request: RestoreRequest = {
    backup: { backupId: backup.backupId, attempt: backup.attempt ?? 0 },
    ...reach(site, instance),
    ...(facts === undefined
      ? {}
      : { safety: { ref: { backupId: task.subject, attempt: lease.token }, facts, memoryCheck: site.memoryCheck } }),
    ...(payload.filter === undefined ? {} : { filter: payload.filter }),
    replaceExisting: payload.replaceExisting,
    ttl: payload.ttl,
    dryRun: payload.dryRun,
  };
  let phase: RestoreProgress['phase'] | undefined;
  const onProgress = (progress: RestoreProgress) => {
    context.setProgress(toShare(progress), toPhase(progress));
    if (progress.phase !== phase) {
      phase = progress.phase;
      log.info({ taskId: task.taskId, instanceId: instance.instanceId, phase }, 'restore.phase');
    }
  };
  const { result, end } = await useBackup({ ...site, log }, backup.backupId, holderOf(task), async () => {
    try {
      return await restoreBackup(request, { signal, onProgress, mark: recorder.mark });
    } catch (error) {
      throw recorder.last === undefined ? boundTries(error, task) : keepTrying(error);
    }
  });
  for (const sentence of result.report) {
    log.warn({ taskId: task.taskId, sentence }, 'restore.report');
  }
  log.info({ taskId: task.taskId, instanceId: instance.instanceId, way: result.way, keys: result.counts.keys }, 'restore.ended');
  return async (tables: CatalogTables) => {
    await end(tables);
    await tables.restores.setOutcome(task.taskId, toOutcome(result));
    await endTask(site, tables, task);
    site.onEnd(payload.dryRun ? 'counted' : 'restored');
  };
}

interface Unsettled {
  readonly task: Task;
  readonly instance: Instance;
  readonly mark: RestoreMark;
  /** The task that was interrupted. */
  readonly begunBy: number;
}

async function settle(site: RestoreSite, { task, instance, mark, begunBy }: Unsettled, context: TaskContext): Promise<SettleResult> {
  const { lease, log, signal, setProgress } = context;
  const recorder = createMarkRecorder(site, { instance, task, lease, log, facts: undefined, begunBy });
  const fields = { taskId: task.taskId, instanceId: instance.instanceId };
  log.warn({ ...fields, step: mark.step, isRollback: mark.isRollback }, 'restore.settling');
  try {
    const settled = await settleRestore(
      { ...reach(site, instance), mark: begunBy === task.taskId ? mark : withoutSafety(mark) },
      { signal, onProgress: (progress) => setProgress(toShare(progress), toPhase(progress)), mark: recorder.mark },
    );
    log.warn({ ...fields, ...settled }, 'restore.settled');
    return settled;
  } catch (error) {
    throw begunBy === task.taskId ? keepTrying(error) : boundTries(error, task);
  }
}

/** Another task was given up, and nobody knows what has been written since: this one saves that, where going back would replace it. */
function withoutSafety({ safety: _, ...mark }: RestoreMark): RestoreMark {
  return mark;
}

function endInterrupted(site: RestoreSite, task: Task, { outcome, report }: SettleResult) {
  if (outcome !== 'restored') {
    throw new DomainError('restore-interrupted', `the restore was interrupted: ${report.join('; ')}`, {
      hint: outcome === 'unsettled' ? 'look at the data of the instance before it is used' : 'ask for the restore again',
    });
  }
  return async (tables: CatalogTables) => {
    await tables.restores.setOutcome(task.taskId, { way: 'unknown', counts: null, existing: 0, report });
    await endTask(site, tables, task);
    site.onEnd('restored');
  };
}

/** The instance serves again, and nothing is held any more. */
async function endTask({ marks, clock }: RestoreSite, tables: CatalogTables, task: Task): Promise<void> {
  const { backupId } = readPayload(task);
  await clearSettled(tables, marks, task);
  await tables.lifecycle.release(backupId, holderOf(task));
  if (task.subject !== '') {
    await tables.lifecycle.release(task.subject, holderOf(task));
  }
  const instance = await tables.instances.get(task.instanceId);
  if (instance?.state === 'restoring') {
    await tables.instances.move(task.instanceId, 'restoring', 'online', clock.now());
  }
}

/** Where the engine finds repository and server, and how the server finds the engine. */
export function reach(site: RestoreSite, instance: Instance) {
  const { storageUrl, keyring, endpoint, allowPlainText, openSecrets } = site;
  return { storageUrl, keyring: keyring(), endpoint, allowPlainText, target: toSourceAddress(instance, openSecrets(instance)) };
}

async function getTarget({ catalog }: RestoreSite, task: Task): Promise<Instance> {
  const instance = await catalog.instances.get(task.instanceId);
  const expected = readPayload(task).dryRun ? 'online' : 'restoring';
  if (instance?.state !== expected) {
    throw new DomainError('instance-not-ready', `instance ${task.instanceId} is ${instance?.state ?? 'unknown'}, not ${expected}`);
  }
  return instance;
}

/** Throws `backup-not-usable` where the backup has no bytes any more. */
export async function getUsable(catalog: Catalog, backupId: string): Promise<Backup> {
  const backup = await catalog.backups.get(backupId);
  if (backup === undefined || !(USABLE_STATES as readonly BackupState[]).includes(backup.state)) {
    throw new DomainError('backup-not-usable', `backup ${backupId} is ${backup?.state ?? 'unknown'}: there is nothing to restore any more`);
  }
  return backup;
}

/** Before the server was touched. */
function boundTries(error: unknown, { failedTries }: Task): unknown {
  const isLast = failedTries + 1 >= MAX_TRIES_UNTOUCHED;
  return isLast && isDomainError(error) ? withRetryable(error, false) : error;
}

/** After it was, whatever went wrong: until it is settled. */
function keepTrying(error: unknown): unknown {
  return isDomainError(error)
    ? withRetryable(error, true)
    : new DomainError('restore-unsettled', `the restore is still to be settled: ${describeError(error)}`, {
        retryable: true,
        cause: error,
      });
}

function withRetryable({ code, message, hint, cause }: DomainError, retryable: boolean): DomainError {
  return new DomainError(code, message, { retryable, cause, ...(hint === undefined ? {} : { hint }) });
}

function toOutcome({ way, counts, existing, report }: RestoreResult): RestoreOutcome {
  return { way, counts, existing, report };
}

function readPayload(task: Task): RestorePayload {
  return JSON.parse(task.payload) as RestorePayload;
}

/** Where in the whole each phase begins and ends; those that tell no bytes take no time of their own. */
const SHARES: Readonly<Record<RestoreProgress['phase'], readonly [begin: number, end: number]>> = {
  verifying: [0, 0.1],
  checking: [0.1, 0.2],
  'saving-target': [0.2, 0.2],
  transferring: [0.2, 0.95],
  'writing-keys': [0.2, 0.95],
  promoting: [0.95, 0.95],
  'rolling-back': [0.2, 0.95],
};

export function toPhase({ phase, doneBytes, totalBytes }: RestoreProgress): TaskPhase {
  return { name: phase, doneBytes, totalBytes };
}

export function toShare({ phase, doneBytes, totalBytes }: RestoreProgress): number {
  const [begin, end] = SHARES[phase];
  return begin + (end - begin) * Math.min(1, totalBytes === 0 ? 0 : doneBytes / totalBytes);
}
