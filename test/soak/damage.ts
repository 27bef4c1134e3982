import assert from 'node:assert/strict';
import { runBackup } from '../../src/engine/run-backup.ts';
import { runRestore } from '../../src/engine/run-restore.ts';
import { isDomainError } from '../../src/lib/errors.ts';
import { importKeyring } from '../../src/repository/keyring.ts';
import { openRepository } from '../../src/repository/repository.ts';
import type { AttemptRef } from '../../src/repository/types.ts';
import { BACKUP_ID } from '../harness/attempts.ts';
import { readContent } from '../harness/redis-content.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeRestoreSite, recordRestore } from '../harness/restore-site.ts';
import { type Damage, damageAnywhere, findEdges, flip, StoredObjects, splitFrames } from './damaged-objects.ts';
import { randomOf, type Scenario } from './scenario.ts';

const OWN: AttemptRef = { backupId: BACKUP_ID, attempt: 1 };
const RETRY: AttemptRef = { backupId: BACKUP_ID, attempt: 2 };
const OTHER: AttemptRef = { backupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d', attempt: 1 };
const PREFIXES = {
  own: toPrefix(OWN),
  others: [toPrefix(RETRY), toPrefix(OTHER)],
} as const;
/** Of so many damages one meets a whole verification too, and of so many a restore. */
const VERIFY_EACH = 10;
const RESTORE_EACH = 200;

/**
 * Stored objects of a real backup are damaged, one change at a time. What a restore does first, the authentication of every byte, finds
 * each; a restore of some of them is refused then, before the target is as much as connected to.
 */
export const damage: Scenario = {
  name: 'damage',
  about:
    'On a backup of real data in several frames, every byte of each frame header and tag, of the frame index, of the sections, of the manifest and of repository.json is flipped, then random places of the stored objects are flipped, cut off, removed, swapped with each other and with those of another attempt and of another backup. Every change is found by what a restore does before anything else; for a sample a restore is asked for: it is refused while it verifies, and the target is not even connected to.',
  invariants: ['I1', 'I7'],
  counts: { short: 100, long: 10_000 },
  async run(soak) {
    const random = randomOf(soak, this.name);
    await using source = await startRedis({ config: [...COMPARABLE.config, 'rdbcompression no'] });
    await using target = await startRedis({ config: [...COMPARABLE.config, 'masterauth of-its-own'] });
    await fillEveryType(source);
    // Three frames of 4 MiB that are stored in little, so that each change costs milliseconds.
    await source.command('DEBUG', 'POPULATE', '1000', 'long', '10000');
    await target.command('MSET', 'old', 'data', 'more', 'data');
    await target.command('EXPIREAT', 'old', '4102444800');
    await using site = await makeRestoreSite(source);
    for (const ref of [RETRY, OTHER]) {
      await runBackup(site.request(source, ref), { signal: soak.signal, onProgress: () => {} });
    }
    const keyring = importKeyring(site.request(source).keyring);
    const objects = new StoredObjects(site.directory);
    const before = { content: await readContent(target), state: await readState(target), connections: await readConnections(target) };
    const found: Record<string, number> = {};
    let restores = 0;

    async function expectFound(change: Damage, tries: { verify: boolean; restore: boolean }): Promise<void> {
      objects.do(change);
      try {
        const repository = await openRepository(site.storage, keyring);
        const reads = [repository.authenticateAttempt, ...(tries.verify ? [repository.verifyAttempt] : [])];
        for (const read of reads) {
          const code = await codeOf(() => read(OWN));
          assert.ok(expectedCodes(change, objects).includes(code), `${change.what}: ${code}`);
          found[code] = (found[code] ?? 0) + (read === repository.authenticateAttempt ? 1 : 0);
        }
        if (tries.restore) {
          await expectRefused(change);
          restores++;
        }
      } finally {
        objects.undo(change);
      }
    }

    async function expectRefused(change: Damage): Promise<void> {
      const recorder = recordRestore();
      const code = await codeOf(() => runRestore(site.restoreRequest(target), recorder));
      assert.ok(expectedCodes(change, objects).includes(code), `a restore of ${change.what}: ${code}`);
      assert.deepEqual(recorder.phases, ['verifying'], change.what);
      assert.deepEqual(recorder.marks, [], change.what);
      assert.equal(await readConnections(target), before.connections, `connections to the target: ${change.what}`);
    }

    async function expectWhole(): Promise<void> {
      assert.ok(objects.areWhole());
      const repository = await openRepository(site.storage, keyring);
      for (const ref of [OWN, RETRY, OTHER]) {
        await repository.verifyAttempt(ref);
      }
    }

    await expectWhole();
    const [data = ''] = objects.names(`${PREFIXES.own}data-`);
    const frames = splitFrames(objects.bytes(data)).length;
    assert.ok(frames >= 3, `${frames} frames`);
    // All of them in a long run, so many that a short one is short in another.
    const edges = findEdges(objects, PREFIXES.own);
    const every = Math.max(1, Math.floor(edges.length / soak.count));
    let flipped = 0;
    for (let index = random.below(every); index < edges.length && !soak.signal.aborted; index += every) {
      const edge = edges[index];
      if (edge !== undefined) {
        await expectFound(flip(edge, objects, random), { verify: flipped % VERIFY_EACH === 0, restore: flipped % RESTORE_EACH === 0 });
        flipped++;
      }
    }
    flipped += await damageRepositoryObject();
    const flippable = edges.length + objects.bytes('repository.json').length;

    let changed = 0;
    for (; changed < soak.count && !soak.signal.aborted; changed++) {
      const change = damageAnywhere(objects, PREFIXES, random);
      await expectFound(change, { verify: changed % VERIFY_EACH === 0, restore: changed % RESTORE_EACH === 0 });
    }

    /** Which key a repository needs, and which id it has, is known before any backup is looked at. */
    async function damageRepositoryObject(): Promise<number> {
      const name = 'repository.json';
      for (const at of objects.bytes(name).keys()) {
        const change = flip({ name, at }, objects, random);
        objects.do(change);
        try {
          const code = await codeOf(() => openRepository(site.storage, keyring));
          assert.ok(['repository-damaged', 'repository-format-unsupported', 'master-key-wrong'].includes(code), `${change.what}: ${code}`);
          found[code] = (found[code] ?? 0) + 1;
        } finally {
          objects.undo(change);
        }
      }
      return objects.bytes(name).length;
    }

    assert.deepEqual(await readContent(target), before.content);
    assert.deepEqual(await readState(target), before.state);
    await expectWhole();
    // The target could be restored to all the time.
    await runRestore(site.restoreRequest(target), recordRestore());
    assert.deepEqual(await readContent(target), await readContent(source));
    const codes = Object.entries(found).map(([code, count]) => `${count} ${code}`);
    return {
      frames,
      'bytes of headers and footers flipped': `${flipped} of ${flippable}`,
      'random places changed': changed,
      found: codes.join(' · '),
      'restores refused, the target untouched': restores,
    };
  },
};

function toPrefix({ backupId, attempt }: AttemptRef): string {
  return `backups/${backupId}/${attempt}/`;
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'not found';
  } catch (error) {
    return isDomainError(error) ? error.code : String(error);
  }
}

/** Damage, except where the first bytes of an object cannot be told from a newer format, from another key, or from no backup at all. */
function expectedCodes({ changed }: Damage, objects: StoredObjects): string[] {
  const codes = ['backup-damaged'];
  for (const [name, bytes] of changed) {
    const isManifest = name === `${PREFIXES.own}manifest`;
    if (bytes === null) {
      codes.push(...(isManifest ? ['manifest-missing'] : []));
      continue;
    }
    const differs = (from: number, to: number) => !bytes.subarray(from, to).equals(objects.bytes(name).subarray(from, to));
    codes.push(...(!/data-/.test(name) && differs(4, 6) ? ['repository-format-unsupported'] : []));
    codes.push(...(isManifest && differs(6, 14) ? ['master-key-missing'] : []));
  }
  return codes;
}

async function readState(server: RedisServer): Promise<unknown> {
  const replication = String(await server.command('INFO', 'replication'));
  return [/^role:\w+/m.exec(replication)?.[0], /^master_replid:\w+/m.exec(replication)?.[0], await server.command('CONFIG', 'GET', '*')];
}

/** How many connections a server was asked for so far. */
async function readConnections(server: RedisServer): Promise<number> {
  return Number(/^total_connections_received:(\d+)/m.exec(String(await server.command('INFO', 'stats')))?.[1]);
}
