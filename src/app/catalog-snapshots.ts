import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../catalog/catalog.ts';
import { dumpCatalog } from '../catalog/dump-catalog.ts';
import type { EventKind } from '../catalog/events.ts';
import { SNAPSHOT_NUMBER } from '../catalog/recovery.ts';
import type { Clock } from '../lib/clock.ts';
import { DomainError, describeError } from '../lib/errors.ts';
import { encodeLines } from '../lib/lines.ts';
import type { Logger } from '../lib/logger.ts';
import type { OpenedSnapshot } from '../repository/catalog-snapshot.ts';
import type { Repository } from '../repository/repository.ts';

export interface SnapshotSite {
  readonly catalog: Catalog;
  readonly catalogUrl: string;
  readonly repository: Repository;
}

export interface SnapshotOptions extends SnapshotSite {
  readonly log: Logger;
  readonly clock: Clock;
  /** The account that alarms about the whole site belong to. */
  readonly accountId: string;
  /** Called for each alarm that was recorded, for metrics. */
  readonly onAlarm: (kind: EventKind) => void;
  /** Told how each ended. */
  readonly onEnd: (result: 'stored' | 'failed') => void;
}

const INTERVAL_MS = 60_000;
/** A snapshot may take a hundredth of the time: a catalog that takes long to copy is copied less often. */
const LEAST_PAUSE_FACTOR = 100;
/** However little changes, the newest one is no older, so that its storage is known to work. */
const LONGEST_AGE_MS = 86_400_000;
const KEPT_NEWEST = 3;
const KEPT_DAYS = 7;

/**
 * Keeps sealed snapshots of the catalog in its repository: one a minute while something changes, at most a hundredth of the time, one a day
 * in any case, and one at the end. `stop` resolves when the last one is stored. One that fails is logged, told of once a day, and tried again at
 * the next look.
 */
export function startCatalogSnapshots(site: SnapshotOptions, intervalMs = INTERVAL_MS): { stop(): Promise<void> } {
  let stored: { revision: string; at: number; tookMs: number } | undefined;
  let looking: Promise<void> | undefined;

  async function look(isEnd: boolean): Promise<void> {
    try {
      const age = stored === undefined ? Number.POSITIVE_INFINITY : performance.now() - stored.at;
      const isChanged = (await site.catalog.revision()) !== stored?.revision;
      const isTime = isEnd || age >= LEAST_PAUSE_FACTOR * (stored?.tookMs ?? 0);
      if ((isChanged && isTime) || age >= LONGEST_AGE_MS) {
        const startedAt = performance.now();
        const { number, revision } = await takeSnapshot(site);
        stored = { revision, at: performance.now(), tookMs: performance.now() - startedAt };
        site.log.debug({ number, tookMs: Math.round(stored.tookMs) }, 'catalog-snapshot.stored');
        site.onEnd('stored');
      }
    } catch (error) {
      site.log.error({ error: describeError(error) }, 'catalog-snapshot.failed');
      site.onEnd('failed');
      await raise(site, describeError(error));
    }
  }

  const timer = setInterval(() => {
    looking ??= look(false).finally(() => {
      looking = undefined;
    });
  }, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await look(true);
    },
  };
}

/** Where the catalog fails too, the log has told of it, and the next look tries again. */
async function raise({ catalog, clock, accountId, log, onAlarm }: SnapshotOptions, reason: string): Promise<void> {
  const at = clock.now();
  const kind = 'snapshot-failed';
  const message =
    `the catalog could not be stored in its repository: ${reason}. Backups are complete all the same; should the catalog be lost now, what has ` +
    'changed since the last snapshot is known only as far as manifests tell. Look at the storage and its room';
  try {
    const key = `${kind} ${new Date(at).toISOString().slice(0, 10)}`;
    if (await catalog.events.record({ kind, key, at, accountId, region: '', instanceId: '', message })) {
      onAlarm(kind);
    }
  } catch (error) {
    log.error({ error: describeError(error) }, 'catalog-snapshot.alarm-failed');
  }
}

/**
 * Stores a snapshot, reads it back, and then removes what is older than need be. Its number is in the catalog before the object is, so that
 * a repository with a newer one tells of a newer catalog. Returns the revision that it holds at least.
 */
export async function takeSnapshot({ catalog, catalogUrl, repository }: SnapshotSite): Promise<{
  number: number;
  revision: string;
}> {
  const newest = (await repository.snapshots.list()).at(-1)?.number ?? 0;
  const number = Math.max(newest, Number((await catalog.settings.get(SNAPSHOT_NUMBER)) ?? 0)) + 1;
  await catalog.settings.set(SNAPSHOT_NUMBER, String(number));
  const revision = await catalog.revision();
  const written = createHash('sha256');
  await repository.snapshots.write({ number, takenAt: Date.now() }, hashing(encodeLines(dumpCatalog(catalogUrl)), written));
  const read = createHash('sha256');
  for await (const piece of (await repository.snapshots.open(number)).plain()) {
    read.update(piece);
  }
  if (!read.digest().equals(written.digest())) {
    throw new DomainError('snapshot-damaged', `catalog snapshot ${number} does not read back as it was written`);
  }
  await removeOld(repository);
  return { number, revision };
}

/**
 * Throws `catalog-outdated` where the repository holds a snapshot that this catalog has not made: it is a copy from before, and would take
 * what came since for garbage.
 */
export async function assertCatalogIsCurrent(catalog: Catalog, repository: Repository): Promise<void> {
  const newest = (await repository.snapshots.list()).at(-1)?.number ?? 0;
  const own = Number((await catalog.settings.get(SNAPSHOT_NUMBER)) ?? 0);
  if (newest > own) {
    throw new DomainError('catalog-outdated', `the repository holds catalog snapshot ${newest}, and this catalog knows of ${own} only`, {
      hint: 'it is an older copy: bring back the newest one, or run `redkeep catalog rebuild --replace`, which loses nothing that is stored',
    });
  }
}

/** Keeps the newest few, and the newest of each of the last days that have one. Those that cannot be opened stay, for `check` to tell of. */
async function removeOld({ snapshots }: Repository): Promise<void> {
  const older = (await snapshots.list()).toReversed().slice(KEPT_NEWEST);
  const days = new Set<number>();
  for (const { number } of older) {
    const opened: OpenedSnapshot | undefined = await snapshots.open(number).catch(() => undefined);
    if (opened === undefined) {
      continue;
    }
    const day = Math.floor(opened.takenAt / 86_400_000);
    if (days.has(day) || days.size === KEPT_DAYS) {
      await snapshots.remove(number);
    } else {
      days.add(day);
    }
  }
}

async function* hashing(pieces: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
    // Rows come without a wait in between: requests get their turn.
    await nextTurn();
  }
}
