import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { BACKUP_TRANSITIONS, canFollow } from '../../src/catalog/backup-state.ts';
import type { BackupState, Catalog } from '../../src/catalog/catalog.ts';
import type { HolderKind } from '../../src/catalog/lifecycle.ts';
import { isDomainError } from '../../src/lib/errors.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { createKeyring } from '../../src/repository/keyring.ts';
import { createRepository, type Repository } from '../../src/repository/repository.ts';
import { createMemoryStorage } from '../../src/storage/drivers/memory.ts';
import { createRemoveBackupHandler } from '../../src/tasks/handlers/remove-backup.ts';
import { runRetention } from '../../src/tasks/run-retention.ts';
import { runTask } from '../../src/tasks/run-task.ts';
import { writeAttempt } from '../harness/attempts.ts';
import { backupRow, instanceRow } from '../harness/catalog-rows.ts';
import { pickSeed } from '../harness/random-seed.ts';
import { openTempCatalog, type TempCatalog } from '../harness/temp-catalog.ts';

/** `REDKEEP_INTERLEAVINGS=1000` and more for a long run. */
const RUNS = Number(process.env['REDKEEP_INTERLEAVINGS'] ?? 200);
const INSTANCE = 'crs-5a4py64p';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 10, 24, 4);

let temp: TempCatalog;
let catalog: Catalog;
let repository: Repository;
before(async () => {
  temp = await openTempCatalog();
  catalog = temp.catalog;
  repository = await createRepository(createMemoryStorage(), createKeyring());
  await catalog.instances.insert(instanceRow({ instanceId: INSTANCE }));
});
after(() => temp[Symbol.asyncDispose]());

/** One backup whose time is over, in a site where more are newer, and what the flows of a run see of it. */
interface Stage {
  readonly backupId: string;
  at: number;
  /** Flows that have a hold which has not run out, by what they believe. */
  readonly holders: Set<string>;
  locked: boolean;
  readonly history: BackupState[];
  reads: number;
}

let count = 0;

async function openStage(): Promise<Stage> {
  const backupId = `2e4127f8-affe-11e8-941e-${String(++count).padStart(12, '0')}`;
  await writeAttempt(repository, { backupId, attempt: 1 }, [[Buffer.from('REDIS')]]);
  const row = { instanceId: INSTANCE, state: 'available', attempt: 1, expiresAt: START } as const;
  await catalog.backups.insert(backupRow({ ...row, backupId, startedAt: START - DAY_MS }));
  return { backupId, at: START, holders: new Set(), locked: false, history: ['available'], reads: 0 };
}

/** Notes each change of state; all of them must be ones that a backup may make. */
async function observe(stage: Stage): Promise<BackupState> {
  const state = (await catalog.backups.get(stage.backupId))?.state;
  assert.ok(state !== undefined);
  const last = stage.history.at(-1);
  if (last !== undefined && last !== state) {
    assert.ok(reaches(last, state), `${last} turned to ${state}`);
    stage.history.push(state);
  }
  if (stage.locked || stage.holders.size > 0) {
    assert.ok(state === 'available' || state === 'converting' || state === 'converted', `${state} while it is kept`);
  }
  return state;
}

function reaches(from: BackupState, to: BackupState): boolean {
  return canFollow(from, to) || BACKUP_TRANSITIONS[from].some((next) => next !== 'available' && reaches(next, to));
}

type Pause = () => Promise<void>;
type Flow = (stage: Stage, pause: Pause) => Promise<void>;

/** A download, a restore: holds, reads all bytes in several steps, releases. Whoever was given a hold reads to the end. */
const use =
  (kind: HolderKind, id: string): Flow =>
  async (stage, pause) => {
    const holder = { kind, id };
    try {
      await catalog.lifecycle.hold(stage.backupId, holder, { at: stage.at, until: stage.at + DAY_MS });
    } catch (error) {
      assert.ok(isDomainError(error, 'catalog-conflict'));
      assert.ok(['expired', 'deleted'].includes(await observe(stage)));
      return;
    }
    stage.holders.add(`${kind} ${id}`);
    for (let step = 0; step < 2; step++) {
      await pause();
      await repository.verifyAttempt({ backupId: stage.backupId, attempt: 1 });
      stage.reads++;
      await observe(stage);
    }
    stage.holders.delete(`${kind} ${id}`);
    await catalog.lifecycle.release(stage.backupId, holder);
    await observe(stage);
  };

const lock: Flow = async (stage, pause) => {
  try {
    await catalog.lifecycle.lock(stage.backupId);
  } catch (error) {
    assert.ok(isDomainError(error, 'catalog-conflict'));
    return;
  }
  stage.locked = true;
  await pause();
  await observe(stage);
  await pause();
  stage.locked = false;
  await catalog.lifecycle.unlock(stage.backupId);
};

const convert: Flow = async (stage, pause) => {
  try {
    await catalog.lifecycle.beginConversion(stage.backupId);
    await pause();
    await observe(stage);
    await catalog.lifecycle.finishConversion(stage.backupId);
  } catch (error) {
    assert.ok(isDomainError(error, 'catalog-conflict'));
  }
};

const expire: Flow = async (stage, pause) => {
  for (let look = 0; look < 3; look++) {
    await lookAndRemove(stage);
    await observe(stage);
    await pause();
    // The first hour passes at once, the day of grace after it.
    stage.at += look === 0 ? HOUR_MS / 2 : 0;
  }
};

const remove: Flow = async (stage, pause) => {
  await pause();
  const obstacle = await catalog.lifecycle.expire(stage.backupId, { at: stage.at, removableAt: stage.at, keepMin: 1 });
  const state = await observe(stage);
  assert.ok(obstacle === undefined || obstacle !== 'state' || state !== 'available');
  await pause();
  await lookAndRemove(stage);
  await observe(stage);
};

/** A look of retention, and the removals that it asks for. */
async function lookAndRemove(stage: Stage): Promise<void> {
  const site = { catalog, log: silentLogger, accountId: 'any', keepMin: 1, onAlarm: () => {} };
  await runRetention(site, { wallMs: stage.at, uptimeMs: stage.at, bootId: 'boot' });
  const handler = createRemoveBackupHandler({ catalog, repository, clock: { now: () => stage.at } });
  const claim = await catalog.tasks.claim('worker', ['remove-backup'], 60_000);
  if (claim !== undefined) {
    await runTask({ catalog, handler, ...claim, leaseMs: 60_000, log: silentLogger, signal: new AbortController().signal });
  }
}

const FLOWS: Readonly<Record<string, Flow>> = {
  download: use('download', '1'),
  'second download': use('download', '2'),
  restore: use('restore', '1'),
  lock,
  convert,
  expire,
  delete: remove,
};

test(`in ${RUNS} interleavings of expiry, deletion, lock, download, restore and conversion nobody reads what is gone`, async (t) => {
  const seed = pickSeed(t);
  // Enough newer ones that this backup is neither on the floor nor more than half.
  for (const index of [1, 2]) {
    await catalog.backups.insert(
      backupRow({
        backupId: `newer-${index}`,
        instanceId: INSTANCE,
        state: 'available',
        attempt: 1,
        startedAt: START,
        expiresAt: START + 10_000 * DAY_MS,
      }),
    );
  }
  const seen = { reads: 0, deleted: 0, kept: 0 };
  const chosen = fc
    .shuffledSubarray(Object.keys(FLOWS), { minLength: 3 })
    .filter((names) => names.includes('expire') || names.includes('delete'));
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), chosen, async (scheduler, names) => {
      const stage = await openStage();
      const flows = names.map((name) => {
        const pause = () => scheduler.schedule(Promise.resolve(), name);
        return pause().then(() => FLOWS[name]?.(stage, pause));
      });
      const ended = Promise.all(flows);
      await scheduler.waitFor(ended);
      // Nobody keeps it any more: it goes, and its bytes with it.
      stage.at += DAY_MS;
      await lookAndRemove(stage);
      stage.at += DAY_MS;
      await lookAndRemove(stage);
      assert.equal(await observe(stage), 'deleted');
      await assert.rejects(repository.openAttempt({ backupId: stage.backupId, attempt: 1 }), { code: 'manifest-missing' });
      seen.reads += stage.reads;
      seen[stage.history.includes('converting') || stage.reads > 0 ? 'kept' : 'deleted']++;
    }),
    { numRuns: RUNS, seed },
  );
  assert.ok(seen.reads > RUNS && seen.deleted > RUNS / 20, JSON.stringify(seen));
});
