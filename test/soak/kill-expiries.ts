import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import type { SeededRandom } from '../../src/managed/seeded-random.ts';
import { expireIn } from '../harness/expire-in.ts';
import { makeOldBackups } from '../harness/old-backups.ts';
import { makeDataDir, removeDataDir } from '../harness/service.ts';
import { assertConsistent } from './invariants.ts';

/** Of five whose days are over two are locked and the newest stays. */
const BACKUPS = 5;
const LOCKED = 2;
/** More than the removal of two backups takes. */
const MOST_STEPS = 200;

/**
 * Kills a process that expires and removes two of five backups: before each of its steps, or before `sample` of them. After each kill the
 * site is consistent and keeps what must stay, and the next process ends what it had begun. Resolves to the number of kills.
 */
export async function killExpiries(sample: number | undefined, random: SeededRandom, signal: AbortSignal): Promise<number> {
  const dataDir = await makeDataDir();
  try {
    const ids = await makeOldBackups(dataDir, BACKUPS);
    const catalog = await openCatalog(`sqlite://${dataDir}/catalog.db`);
    for (const backupId of ids.slice(0, LOCKED)) {
      await catalog.lifecycle.lock(backupId);
    }
    await catalog.close();
    const kept = new Set([...ids.slice(0, LOCKED), ids.at(-1) ?? '']);
    let kills = 0;
    for (let step = 0; step < MOST_STEPS && kills !== sample && !signal.aborted; step += sample === undefined ? 1 : 1 + random.below(8)) {
      if (!(await killAt(dataDir, step, kept))) {
        break;
      }
      kills++;
    }
    return kills;
  } finally {
    await removeDataDir(dataDir);
  }
}

/** False where the process ended before that step. */
async function killAt(dataDir: string, step: number, kept: ReadonlySet<string>): Promise<boolean> {
  const copy = await mkdtemp(join(tmpdir(), 'redkeep-expiry-'));
  try {
    await cp(dataDir, copy, { recursive: true });
    const name = await expireIn(copy, String(step));
    if (name !== 'done') {
      for (const [backupId, state] of await readStates(copy)) {
        assert.ok(!kept.has(backupId) || state === 'available', `${backupId} is ${state}, killed before ${name}`);
      }
      await assertConsistent(copy, kept.size);
      assert.equal(await expireIn(copy, 'none'), 'done');
    }
    for (const [backupId, state] of await readStates(copy)) {
      assert.equal(state, kept.has(backupId) ? 'available' : 'deleted', `${backupId}, killed before ${name}`);
    }
    await assertConsistent(copy, kept.size);
    return name !== 'done';
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function readStates(dataDir: string): Promise<Map<string, string>> {
  const catalog = await openCatalog(`sqlite://${dataDir}/catalog.db`, { readOnly: true });
  const states = new Map<string, string>();
  for await (const { backupId, state } of catalog.backups.all()) {
    states.set(backupId, state);
  }
  await catalog.close();
  return states;
}
