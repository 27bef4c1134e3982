import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { BACKUP_ID } from '../../../test/harness/attempts.ts';
import { createEventLog } from '../../../test/harness/event-log.ts';
import { makeProofSite, type ProofSite } from '../../../test/harness/proof-site.ts';
import { type RedisServer, startRedis } from '../../../test/harness/redis-server.ts';
import { type ScrubOptions, scrubNext } from './scrub-backups.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

let source: RedisServer;
before(async () => {
  source = await startRedis();
  await source.command('SET', 'key', 'value');
});
after(() => source.stop());

interface Scrubber {
  /** What is asked for the next scrub `afterMs` after the backup ended. */
  scrub(afterMs: number, signal?: AbortSignal): ReturnType<typeof scrubNext>;
  readonly events: readonly string[];
  readonly results: string[];
  readBytes: number;
}

async function makeScrubber(site: ProofSite, more: Partial<ScrubOptions> = {}): Promise<Scrubber> {
  const endedAt = (await site.backup()).endedAt ?? 0;
  const log = createEventLog();
  const scrubber: Scrubber = {
    events: log.names,
    results: [],
    readBytes: 0,
    scrub(afterMs, signal = new AbortController().signal) {
      const options: ScrubOptions = {
        catalog: site.catalog,
        clock: { now: () => endedAt + afterMs },
        log,
        storageUrl: site.storageUrl,
        keyring: () => site.keyring,
        intervalMs: WEEK_MS,
        bytesPerSecond: 1e9,
        onScrub: (state) => void scrubber.results.push(state),
        onAlarm: (kind) => void scrubber.results.push(kind),
        onRead: (bytes) => {
          scrubber.readBytes += bytes;
        },
        ...more,
      };
      return scrubNext(options, signal);
    },
  };
  return scrubber;
}

test('reads what nobody has read for the interval, and not before', async () => {
  await using site = await makeProofSite(source);
  const scrubber = await makeScrubber(site);
  assert.equal(await scrubber.scrub(WEEK_MS - 1), undefined);
  assert.equal(await scrubber.scrub(WEEK_MS), 'intact');
  const { scrub, proof, endedAt, heldUntil } = await site.backup();
  assert.deepEqual(scrub, { state: 'intact', at: (endedAt ?? 0) + WEEK_MS, message: '' });
  assert.deepEqual([proof.state, heldUntil], ['unproven', 0]);
  assert.equal(await scrubber.scrub(2 * WEEK_MS - 1), undefined);
  assert.equal(await scrubber.scrub(2 * WEEK_MS), 'intact');
  assert.deepEqual(scrubber.results, ['intact', 'intact']);
  assert.ok(scrubber.readBytes > 0);
});

test('damage is an alarm: the backup is as bad as one whose proof failed, and stays', async () => {
  await using site = await makeProofSite(source);
  const scrubber = await makeScrubber(site);
  const { instanceId } = await site.backup();
  assert.deepEqual(await site.catalog.lifecycle.floor(instanceId, 1, Date.now()), [BACKUP_ID]);
  const files = await site.site.filesLeft();
  await site.damage();
  assert.equal(await scrubber.scrub(WEEK_MS), 'damaged');
  const { scrub, proof, state } = await site.backup();
  assert.deepEqual([scrub.state, proof.state, state], ['damaged', 'failed', 'available']);
  assert.match(proof.message, /^its stored bytes are damaged: \S+data-00000-00000/);
  assert.ok(scrubber.events.includes('scrub.damaged'));
  assert.deepEqual(scrubber.results, ['proof-failed', 'damaged']);
  assert.deepEqual(
    (await site.catalog.events.newest((await site.backup()).accountId, 10)).map(({ kind }) => kind),
    ['proof-failed'],
  );
  assert.deepEqual(await site.catalog.lifecycle.floor(instanceId, 1, Date.now()), []);
  assert.deepEqual(await site.site.filesLeft(), files);
});

test('bytes that are right again take the damage back, but not what a server said', async () => {
  await using site = await makeProofSite(source);
  const scrubber = await makeScrubber(site);
  const { instanceId } = await site.backup();
  await site.damage();
  assert.equal(await scrubber.scrub(WEEK_MS), 'damaged');
  // The same bit, back again.
  await site.damage();
  assert.equal(await scrubber.scrub(2 * WEEK_MS), 'intact');
  const { proof, scrub } = await site.backup();
  assert.deepEqual([proof.state, proof.at, proof.message, scrub.state], ['unproven', null, '', 'intact']);
  assert.ok(scrubber.events.includes('backup.intact-again'));
  assert.deepEqual(await site.catalog.lifecycle.floor(instanceId, 1, Date.now()), [BACKUP_ID]);

  const verdict = { state: 'failed', at: 1, serverKind: 'redis', serverVersion: '7.0.15', message: 'the server died of it' } as const;
  await site.catalog.lifecycle.recordProof(BACKUP_ID, verdict);
  assert.equal(await scrubber.scrub(3 * WEEK_MS), 'intact');
  assert.deepEqual((await site.backup()).proof, verdict);
});

test('a storage that is away says nothing of the bytes; the backup comes again within the hour', async () => {
  await using site = await makeProofSite(source);
  const scrubber = await makeScrubber(site);
  await rename(site.site.directory, `${site.site.directory}-away`);
  assert.equal(await scrubber.scrub(WEEK_MS), 'unreadable');
  await rename(`${site.site.directory}-away`, site.site.directory);
  const { scrub, proof } = await site.backup();
  assert.deepEqual([scrub.state, proof.state], ['unreadable', 'unproven']);
  assert.match(scrub.message, /holds no repository/);
  assert.equal(await scrubber.scrub(WEEK_MS + 3_599_999), undefined);
  assert.equal(await scrubber.scrub(WEEK_MS + 3_600_000), 'intact');
});

test('a storage that goes away under a scrub is not damage', async () => {
  await using site = await makeProofSite(source);
  const away = `${site.site.directory}-away`;
  let isAway = false;
  const scrubber = await makeScrubber(site, {
    // Slow enough that most is still to be read when the first bytes are told of.
    bytesPerSecond: 1_000,
    onRead() {
      if (!isAway) {
        renameSync(site.site.directory, away);
        isAway = true;
      }
    },
  });
  const state = await scrubber.scrub(WEEK_MS);
  await rename(away, site.site.directory);
  assert.equal(state, 'unreadable');
  assert.equal((await site.backup()).proof.state, 'unproven');
});

test('what is found of a backup that expires meanwhile is not recorded', async () => {
  await using site = await makeProofSite(source);
  await site.damage();
  const scrubber = await makeScrubber(site, {
    keyring: () => site.keyring,
    catalog: {
      ...site.catalog,
      // The last moment before the result is recorded.
      async transaction(work) {
        await site.catalog.lifecycle.expire(BACKUP_ID, { at: 1, removableAt: 1, keepMin: 1, force: true });
        return site.catalog.transaction(work);
      },
    },
  });
  assert.equal(await scrubber.scrub(WEEK_MS), 'unchecked');
  assert.deepEqual([(await site.backup()).scrub.state, (await site.backup()).proof.state], ['unchecked', 'unproven']);
  assert.deepEqual(scrubber.results, []);
  assert.equal(await scrubber.scrub(WEEK_MS), undefined);
});

test('one that breaks off has changed nothing', async () => {
  await using site = await makeProofSite(source);
  const controller = new AbortController();
  // The next read would wait for minutes.
  const scrubber = await makeScrubber(site, { bytesPerSecond: 1, onRead: () => controller.abort(new Error('the service stops')) });
  const scrubbing = scrubber.scrub(WEEK_MS, controller.signal);
  await assert.rejects(scrubbing, /the service stops/);
  assert.equal((await site.backup()).scrub.state, 'unchecked');
});
