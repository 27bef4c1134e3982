import { USABLE_STATES } from '../catalog/backup-state.ts';
import type { Backup, Catalog, CatalogTables } from '../catalog/catalog.ts';
import { ABANDONED_ATTEMPT } from '../catalog/recovery.ts';
import { describeError } from '../lib/errors.ts';
import { backupDamaged } from '../repository/format.ts';
import { isDamage } from '../repository/is-damage.ts';
import type { Keyring } from '../repository/keyring.ts';
import type { ListedAttempt } from '../repository/list-attempts.ts';
import type { Repository } from '../repository/repository.ts';
import type { Manifest } from '../repository/types.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { recordDamage } from '../tasks/handlers/bad-backup.ts';
import { compareObjects } from './check-objects.ts';
import { createSecretBox } from './instance-secrets.ts';

function isUsable({ state }: Backup): boolean {
  return (USABLE_STATES as readonly Backup['state'][]).includes(state);
}

export interface Adoption {
  /** Backups that have their bytes and that no row had told of as finished. */
  readonly adopted: readonly string[];
  /** Instances that were made from what manifests tell; detached. */
  readonly instances: readonly string[];
  /** Backups whose bytes were gone. */
  readonly lost: readonly string[];
  /** What could not be done, one sentence each. */
  readonly problems: readonly string[];
}

/** States in which a row has told which attempt counts. */
const SETTLED: ReadonlySet<Backup['state']> = new Set(['available', 'converting', 'converted', 'expired', 'deleted', 'failed']);

/**
 * Brings the rows of a rebuilt catalog to what its repository holds: a whole attempt without a settled row is read to its last byte and
 * becomes a backup, the highest where there are several; a row whose bytes are gone says so; a part that nobody can read is recorded as
 * given up; a row whose bytes are half gone, bad. Removes nothing.
 */
export async function adoptManifests(
  site: { catalog: Catalog; repository: Repository; storage: ObjectStorage; keyring: Keyring },
  at: number,
): Promise<Adoption> {
  const { catalog, repository, storage } = site;
  const adopted: string[] = [];
  const instances: string[] = [];
  const lost: string[] = [];
  const problems: string[] = [];
  const seen = new Map<string, ListedAttempt[]>();
  for await (const attempt of repository.listAttempts()) {
    const { backupId } = attempt.ref;
    seen.set(backupId, [...(seen.get(backupId) ?? []), attempt]);
  }

  for (const [backupId, attempts] of seen) {
    const row = await catalog.backups.get(backupId);
    if (row === undefined || !SETTLED.has(row.state)) {
      await settle(backupId, row, attempts);
    }
  }
  for await (const row of catalog.backups.all()) {
    const attempts = seen.get(row.backupId) ?? [];
    const own = attempts.find(({ ref }) => ref.attempt === row.attempt);
    const isPromised = SETTLED.has(row.state) && row.state !== 'deleted' && row.state !== 'failed';
    if (isPromised && own?.hasManifest !== true) {
      await catalog.recovery.loseBytes(row.backupId, { isEmpty: own === undefined, at });
      lost.push(row.backupId);
    } else if (own !== undefined && isUsable(row)) {
      await judge(row, own);
    }
  }
  return { adopted, instances, lost, problems };

  /** Looks at what of a backup is there, without reading its data: `check` and scrubs do. What is half lost is bad from now on, and stays. */
  async function judge(row: Backup, { ref }: ListedAttempt): Promise<void> {
    try {
      const { manifest, openShard } = await repository.openAttempt(ref);
      const { missing } = await compareObjects(storage, manifest);
      if (missing.length > 0) {
        throw backupDamaged(missing.join(', '), 'missing');
      }
      for (const shard of manifest.shards.keys()) {
        await openShard(shard);
      }
    } catch (error) {
      if (isDamage(error)) {
        const told = { clock: { now: () => at }, onAlarm: () => {} };
        await catalog.transaction((tables) => recordDamage(tables, row.backupId, error.message, told));
      }
      problems.push(
        `backup ${row.backupId} ${isDamage(error) ? 'is damaged and counts as bad' : 'cannot be read'}: ${describeError(error)}`,
      );
    }
  }

  async function settle(backupId: string, row: Backup | undefined, attempts: readonly ListedAttempt[]): Promise<void> {
    const whole = attempts.filter(({ hasManifest }) => hasManifest).toReversed();
    for (const { ref } of whole) {
      try {
        const manifest = await repository.verifyAttempt(ref);
        const isNew = await catalog.transaction((tables) => record(tables, manifest, row));
        adopted.push(backupId);
        instances.push(...(isNew ? [manifest.facts.instanceId] : []));
        return;
      } catch (error) {
        problems.push(`attempt ${ref.attempt} of backup ${backupId} cannot be taken: ${describeError(error)}`);
      }
    }
    const highest = Math.max(...attempts.map(({ ref }) => ref.attempt));
    if (row !== undefined) {
      await catalog.recovery.admitAttempt(backupId, highest);
    } else if (whole.length === 0) {
      for (const { ref } of attempts) {
        await catalog.settings.setOnce(`${ABANDONED_ATTEMPT}${backupId}/${ref.attempt}`, String(at));
      }
    }
  }

  /** Returns whether the instance had to be made. */
  async function record(tables: CatalogTables, manifest: Manifest, row: Backup | undefined): Promise<boolean> {
    const { facts, backupId, attempt, endedAt } = manifest;
    const instance = await tables.instances.get(facts.instanceId);
    if (instance === undefined) {
      await tables.instances.insert({
        instanceId: facts.instanceId,
        accountId: facts.accountId,
        region: facts.region,
        name: facts.instanceName,
        kind: 'attached',
        state: 'detached',
        host: '',
        port: 0,
        user: '',
        sealedSecrets: createSecretBox(site.keyring).seal(facts.instanceId, {}),
        tls: false,
        ...serverOf(manifest),
        usedMemoryBytes: 0,
        maxMemoryBytes: 0,
        replicas: 0,
        createdAt: facts.startedAt,
        detachedAt: at,
        zoneId: 0,
        projectId: 0,
        deleteProtection: false,
        preferReplica: false,
      });
    }
    if (row === undefined) {
      const unfinished = {
        state: 'running',
        locked: false,
        endedAt: null,
        sizeBytes: 0,
        serverKind: '',
        serverVersion: '',
        attempt: null,
      } as const;
      await tables.backups.insert({ backupId, ...facts, ...unfinished });
    }
    const sizeBytes = manifest.shards.reduce((sum, shard) => sum + shard.sizeBytes, 0);
    await tables.backups.complete(backupId, { attempt, endedAt, sizeBytes, ...serverOf(manifest) });
    await tables.recovery.settleTask({ ...facts, backupId }, attempt, at);
    return instance === undefined;
  }
}

function serverOf({ shards: [first] }: Manifest): { serverKind: string; serverVersion: string } {
  return { serverKind: first?.serverKind ?? 'unknown', serverVersion: first?.serverVersion ?? '' };
}
