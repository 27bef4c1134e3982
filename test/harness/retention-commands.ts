import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { CLOCK_CONFIRMED, expiryConfirmed } from '../../src/catalog/confirmations.ts';
import type { HolderKind, ProofState } from '../../src/catalog/lifecycle.ts';
import { ensureRemovalTask } from '../../src/catalog/removal-task.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { runRetention } from '../../src/tasks/run-retention.ts';
import { backupRow } from './catalog-rows.ts';
import type { ModelBackup, RetentionModel } from './retention-model.ts';

export const INSTANCES = ['crs-aaaaaaaa', 'crs-bbbbbbbb'] as const;
export const ACCOUNT = '100000000001';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface RealSite {
  readonly catalog: Catalog;
  readonly keepMin: number;
  made: number;
  steps: number;
}

type Run = (model: RetentionModel, real: RealSite) => Promise<void>;

/** A step that is always possible; what comes of it is compared with the model, row by row, after each. */
class Step implements fc.AsyncCommand<RetentionModel, RealSite> {
  readonly #name: string;
  readonly #run: Run;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.#run = run;
  }

  check(): boolean {
    return true;
  }

  async run(model: RetentionModel, real: RealSite): Promise<void> {
    const before = INSTANCES.map((instance) => [...model.floor(instance)]);
    await this.#run(model, real);
    real.steps++;
    await compare(model, real);
    if (this.#name === 'look') {
      // I4: no look of retention takes what can be relied on.
      for (const { id } of before.flat()) {
        const state = (await real.catalog.backups.get(id))?.state;
        assert.ok(state === 'available' || state === 'converting' || state === 'converted', `${id} of the floor is ${state}`);
      }
    }
  }

  toString(): string {
    return this.#name;
  }
}

async function compare(model: RetentionModel, { catalog }: RealSite): Promise<void> {
  const rows: unknown[] = [];
  for await (const { backupId, state, locked, heldUntil, proof, removableAt } of catalog.backups.all()) {
    rows.push([backupId, state, locked, heldUntil, proof.state, removableAt ?? 0]);
  }
  assert.deepEqual(
    rows,
    model.backups.map(({ id, state, locked, heldUntil, proof, removableAt }) => [id, state, locked, heldUntil, proof, removableAt]),
  );
  assert.equal((await catalog.events.newest(ACCOUNT, 10_000)).length, model.alarms.size);
}

/** The real verb does what the model says: it works where `may`, and else is refused and changes nothing. */
async function attempt(may: boolean, verb: Promise<unknown>): Promise<boolean> {
  if (may) {
    await verb;
  } else {
    await assert.rejects(verb, { code: 'catalog-conflict' });
  }
  return may;
}

/** A step with one of the backups that there are; nothing where there is none. */
function onBackup(name: string, run: (backup: ModelBackup, model: RetentionModel, real: RealSite) => Promise<void>): fc.Arbitrary<Step> {
  // Small numbers are the newest: those have most of their life before them.
  return fc.nat({ max: 20 }).map(
    (back) =>
      new Step(`${name} ${back}`, async (model, real) => {
        const backup = model.backups.at(-1 - (back % Math.max(1, model.backups.length)));
        if (backup !== undefined) {
          await run(backup, model, real);
        }
      }),
  );
}

const isUsable = ({ state }: ModelBackup) => ['available', 'converting', 'converted'].includes(state);

function start(instance: string, days: number, ends: 'running' | 'available' | 'failed'): Step {
  return new Step(`start ${instance} for ${days} days, ${ends}`, async (model, real) => {
    const id = `b-${String(++real.made).padStart(5, '0')}`;
    const { wall } = model;
    const expiresAt = wall + days * DAY_MS;
    await real.catalog.backups.insert(backupRow({ backupId: id, instanceId: instance, startedAt: wall, expiresAt }));
    if (ends === 'available') {
      await real.catalog.backups.complete(id, { attempt: 1, endedAt: wall, sizeBytes: 1, serverKind: 'redis', serverVersion: '7.0.15' });
    } else if (ends === 'failed') {
      await real.catalog.backups.fail(id, wall);
    }
    model.backups.push({
      id,
      instance,
      startedAt: wall,
      expiresAt,
      state: ends,
      endedAt: wall,
      locked: false,
      heldUntil: 0,
      holds: new Map(),
      proof: 'unproven',
      removableAt: 0,
      deletedAt: 0,
    });
  });
}

const look = new Step('look', async (model, { catalog, keepMin }) => {
  const site = { catalog, log: silentLogger, accountId: ACCOUNT, keepMin, onAlarm: () => {} };
  await runRetention(site, { wallMs: model.wall, uptimeMs: model.uptime, bootId: 'boot' });
  model.look();
});

/** Does what the removal tasks that were asked for do to the catalog; the model knows which those are. */
const remove = new Step('remove', async (model, { catalog }) => {
  for (let claim = await catalog.tasks.claim('w', ['remove-backup'], 60_000); claim !== undefined; ) {
    const { backupId } = JSON.parse(claim.task.payload) as { backupId: string };
    const { lease } = claim;
    assert.ok(model.removals.delete(backupId), `nobody asked for the removal of ${backupId}`);
    await catalog.transaction(async (tables) => {
      await tables.tasks.succeed(lease);
      await tables.lifecycle.markDeleted(backupId, model.wall);
    });
    const removed = model.backups.find(({ id }) => id === backupId);
    assert.ok(removed !== undefined);
    Object.assign(removed, { state: 'deleted', deletedAt: model.wall });
    claim = await catalog.tasks.claim('w', ['remove-backup'], 60_000);
  }
  assert.deepEqual([...model.removals], []);
});

function pass(ms: number, jumpMs: number): Step {
  return new Step(`pass ${ms} ms${jumpMs === 0 ? '' : `, the clock jumps by ${jumpMs}`}`, async (model) => {
    model.wall += ms + jumpMs;
    model.uptime += ms;
  });
}

const setClockRight = new Step('set the clock right', async (model) => {
  if (model.trusted !== undefined) {
    model.wall = model.trusted.wall + model.uptime - model.trusted.uptime;
  }
});

/** As DeleteBackup does it. */
function deleteBackup(force: boolean): fc.Arbitrary<Step> {
  return onBackup(`delete${force ? ' by force' : ''}`, async (backup, model, { catalog, keepMin }) => {
    const at = model.wall;
    if (backup.state === 'expired') {
      await catalog.lifecycle.endGrace(backup.id, at);
      backup.removableAt = Math.min(backup.removableAt, at);
    } else {
      const obstacle = await catalog.lifecycle.expire(backup.id, { at, removableAt: at, keepMin, force });
      assert.equal(obstacle ?? '', model.obstacle(backup, force));
      if (obstacle !== undefined) {
        return;
      }
      Object.assign(backup, { state: 'expired', removableAt: at });
    }
    const row = await catalog.backups.get(backup.id);
    assert.ok(row !== undefined);
    await catalog.transaction((tables) => ensureRemovalTask(tables, row, at));
    model.removals.add(backup.id);
  });
}

function hold(): fc.Arbitrary<Step> {
  return fc
    .record({ kind: fc.constantFrom<HolderKind>('download', 'restore'), ms: fc.integer({ min: 1, max: DAY_MS }) })
    .chain(({ kind, ms }) =>
      onBackup(`hold by ${kind} for ${ms} ms`, async (backup, { wall }, { catalog }) => {
        const until = wall + ms;
        const holding = catalog.lifecycle.hold(backup.id, { kind, id: '1' }, { at: wall, until });
        if (await attempt(isUsable(backup), holding)) {
          backup.heldUntil = Math.max(backup.heldUntil, until);
          backup.holds = new Map([...backup.holds].filter(([, end]) => end > wall));
          backup.holds.set(kind, Math.max(backup.holds.get(kind) ?? 0, until));
        }
      }),
    );
}

function release(): fc.Arbitrary<Step> {
  return fc.constantFrom<HolderKind>('download', 'restore').chain((kind) =>
    onBackup(`release ${kind}`, async (backup, _, { catalog }) => {
      await catalog.lifecycle.release(backup.id, { kind, id: '1' });
      backup.holds.delete(kind);
      backup.heldUntil = Math.max(0, ...backup.holds.values());
    }),
  );
}

function prove(): fc.Arbitrary<Step> {
  return fc.constantFrom<Exclude<ProofState, 'unproven'>>('proven', 'proven', 'failed', 'not_provable').chain((state) =>
    onBackup(`prove ${state}`, async (backup, { wall }, { catalog }) => {
      const proof = { state, at: wall, serverKind: 'redis', serverVersion: '7.0.15', message: '' };
      if (await attempt(isUsable(backup), catalog.lifecycle.recordProof(backup.id, proof))) {
        backup.proof = state === 'not_provable' && backup.proof !== 'unproven' ? backup.proof : state;
      }
    }),
  );
}

function lock(locked: boolean): fc.Arbitrary<Step> {
  return onBackup(locked ? 'lock' : 'unlock', async (backup, _, { catalog }) => {
    const verb = locked ? catalog.lifecycle.lock(backup.id) : catalog.lifecycle.unlock(backup.id);
    if (await attempt(backup.state === 'running' || isUsable(backup), verb)) {
      backup.locked = locked;
    }
  });
}

function convert(): fc.Arbitrary<Step> {
  return fc
    .constantFrom(
      ['beginConversion', 'available', 'converting'] as const,
      ['finishConversion', 'converting', 'converted'] as const,
      ['abandonConversion', 'converting', 'available'] as const,
    )
    .chain(([verb, from, to]) =>
      onBackup(verb, async (backup, _, { catalog }) => {
        if (await attempt(backup.state === from, catalog.lifecycle[verb](backup.id))) {
          backup.state = to;
        }
      }),
    );
}

function end(how: 'available' | 'failed'): fc.Arbitrary<Step> {
  return onBackup(`end ${how}`, async (backup, { wall }, { catalog }) => {
    const facts = { attempt: 1, endedAt: wall, sizeBytes: 1, serverKind: 'redis', serverVersion: '7.0.15' };
    const verb = how === 'available' ? catalog.backups.complete(backup.id, facts) : catalog.backups.fail(backup.id, wall);
    if (await attempt(backup.state === 'running', verb)) {
      Object.assign(backup, { state: how, endedAt: wall });
    }
  });
}

const confirmClock = new Step('confirm the clock', async (model, { catalog }) => {
  await catalog.settings.set(CLOCK_CONFIRMED, String(model.wall));
  model.clockConfirmed = model.wall;
});

function confirmExpiry(instance: string): Step {
  return new Step(`resume ${instance}`, async (model, { catalog }) => {
    await catalog.settings.set(expiryConfirmed(instance), String(model.wall));
    model.expiryConfirmed.set(instance, model.wall);
  });
}

const detach = new Step('detach the second instance', async (model, { catalog }) => {
  if (!model.detached.has(INSTANCES[1])) {
    await catalog.instances.detach(INSTANCES[1], model.wall);
    model.detached.add(INSTANCES[1]);
  }
});

const instance = fc.constantFrom(...INSTANCES);
const days = fc.constantFrom(1, 1, 2, 3, 7, 30);
const JUMPS = [90, -195, 2 * 1440, -420, 11 * 1440, 42 * 1440, -780, 59, -59].map((minutes) => minutes * 60_000);

/** Steps in proportions in which much comes and goes. */
export const steps: Array<fc.Arbitrary<Step>> = [
  fc.tuple(instance, days).map(([of, kept]) => start(of, kept, 'available')),
  fc.tuple(instance, days).map(([of, kept]) => start(of, kept, 'available')),
  fc
    .tuple(instance, days, fc.constantFrom('running', 'failed' as const))
    .map(([of, kept, ends]) => start(of, kept, ends as 'running' | 'failed')),
  end('available'),
  end('failed'),
  prove(),
  lock(true),
  lock(false),
  hold(),
  release(),
  convert(),
  deleteBackup(false),
  deleteBackup(true),
  fc.constant(look),
  fc.constant(look),
  fc.constant(look),
  fc.constant(remove),
  fc.integer({ min: 1, max: 3 * DAY_MS }).map((ms) => pass(ms, 0)),
  fc.integer({ min: 1, max: 20 * DAY_MS }).map((ms) => pass(ms, 0)),
  fc.constant(setClockRight),
  fc.constant(setClockRight),
  fc.integer({ min: 1, max: HOUR_MS }).map((ms) => pass(ms, 0)),
  fc.constantFrom(...JUMPS).map((ms) => pass(60_000, ms)),
  fc.constantFrom(confirmClock, confirmExpiry(INSTANCES[0]), confirmExpiry(INSTANCES[1]), confirmExpiry(INSTANCES[0]), detach),
];
