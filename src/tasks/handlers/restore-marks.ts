import type { Backup, Catalog, CatalogTables, Instance, Lease, Task } from '../../catalog/catalog.ts';
import type { Holder } from '../../catalog/lifecycle.ts';
import { LONGEST_HOLD_MS } from '../../catalog/lifecycle.ts';
import type { RestorePayload, StoredMark } from '../../catalog/restores.ts';
import type { RestoreMark } from '../../engine/restore-types.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Repository } from '../../repository/repository.ts';
import type { AttemptRef, BackupFacts, Manifest } from '../../repository/types.ts';
import { type AlarmSite, recordDamage } from './bad-backup.ts';

/** Seals and opens the mark of an instance; it holds the server's password for its master. */
export interface MarkBox {
  seal(instanceId: string, mark: RestoreMark): Uint8Array;
  /** Throws `sealed-data-damaged` where it is not what was sealed. */
  open(instanceId: string, sealed: Uint8Array): RestoreMark;
}

export interface MarkSite extends AlarmSite {
  readonly catalog: Catalog;
  readonly repository: Repository;
  readonly marks: MarkBox;
}

export interface MarkedRestore {
  readonly instance: Instance;
  readonly task: Task;
  readonly lease: Lease;
  readonly log: Logger;
  /** Of the safety backup; absent where none is taken. */
  readonly facts: BackupFacts | undefined;
  /** The task that began the restore: another one where that was left unsettled. */
  readonly begunBy: number;
}

/** Who holds the backups that a restore needs. */
export function holderOf({ taskId }: Task): Holder {
  return { kind: 'restore', id: String(taskId) };
}

/** The facts of the backup that is taken of an instance before its restore. */
export function safetyFacts(
  { accountId, region, instanceId, name }: Instance,
  task: Task,
  payload: RestorePayload,
): BackupFacts | undefined {
  return payload.safety === null
    ? undefined
    : { accountId, region, instanceId, instanceName: name, type: 'manual', startedAt: task.createdAt, ...payload.safety };
}

/**
 * Makes each mark of a restore durable, under its claim; and with it the row of the safety backup: running before its first byte is stored,
 * available and held in one transaction with the first mark that names it, so that what a rollback needs is a backup like any other. The
 * task's own `settled` mark stays until `clearSettled`; that of another task, which has ended before, goes at once. `last` is what was
 * recorded last; undefined before the first and after the last.
 */
export function createMarkRecorder(
  site: MarkSite,
  { instance, task, lease, log, facts, begunBy }: MarkedRestore,
): { mark(mark: RestoreMark): Promise<void>; readonly last: RestoreMark | undefined } {
  const { catalog, repository, clock, marks } = site;
  const { instanceId } = instance;
  let last: RestoreMark | undefined;
  return {
    get last() {
      return last;
    },
    async mark(mark) {
      const row = task.subject === '' ? undefined : await catalog.backups.get(task.subject);
      const whole = row?.state === 'running' ? mark.safety : undefined;
      const manifest = whole && (await readManifest(repository, whole));
      await catalog.transaction(async (tables) => {
        await tables.tasks.fence(lease);
        if (mark.safety !== undefined && mark.safetyDamage !== undefined) {
          await recordDamage(tables, mark.safety.backupId, mark.safetyDamage, site);
        }
        if (mark.step === 'settled' && begunBy !== task.taskId) {
          await tables.restores.clearMark(instanceId);
          return;
        }
        if (facts !== undefined && row === undefined) {
          await tables.backups.insert(toRunningRow(facts, task, instance));
        }
        if (manifest !== undefined) {
          await completeSafety(tables, manifest, task, clock.now());
        }
        await tables.restores.setMark({ instanceId, taskId: begunBy, sealedMark: marks.seal(instanceId, mark) });
      });
      last = mark.step === 'settled' ? undefined : mark;
      log.info({ taskId: task.taskId, instanceId, step: mark.step, isRollback: mark.isRollback }, 'restore.marked');
    },
  };
}

/** Takes off the mark of a task that has settled what it began, in the transaction with its end. */
export async function clearSettled(tables: CatalogTables, marks: MarkBox, task: Task): Promise<void> {
  const stored = await tables.restores.mark(task.instanceId);
  if (stored?.taskId === task.taskId && isSettled(marks, stored)) {
    await tables.restores.clearMark(task.instanceId);
  }
}

/** One that cannot be opened, because its key is gone, counts as not settled. */
function isSettled(marks: MarkBox, { instanceId, sealedMark }: StoredMark): boolean {
  try {
    return marks.open(instanceId, sealedMark).step === 'settled';
  } catch {
    return false;
  }
}

async function readManifest(repository: Repository, ref: AttemptRef): Promise<Manifest> {
  return (await repository.openAttempt(ref)).manifest;
}

async function completeSafety(tables: CatalogTables, manifest: Manifest, task: Task, at: number): Promise<void> {
  const { backupId, attempt, endedAt, shards } = manifest;
  await tables.backups.complete(backupId, {
    attempt,
    endedAt,
    sizeBytes: shards.reduce((sum, shard) => sum + shard.sizeBytes, 0),
    serverKind: shards[0]?.serverKind ?? 'unknown',
    serverVersion: shards[0]?.serverVersion ?? '',
  });
  await tables.lifecycle.hold(backupId, holderOf(task), { at, until: at + LONGEST_HOLD_MS });
}

function toRunningRow(
  facts: BackupFacts,
  { subject }: Task,
  { serverKind, serverVersion }: Instance,
): Parameters<CatalogTables['backups']['insert']>[0] {
  const nothingYet = { state: 'running', locked: false, endedAt: null, sizeBytes: 0, attempt: null } as const satisfies Partial<Backup>;
  return { ...facts, ...nothingYet, backupId: subject, serverKind, serverVersion };
}
