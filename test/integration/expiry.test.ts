import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { check as findInconsistencies } from '../../src/app/check.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';
import { expireIn } from '../harness/expire-in.ts';
import { makeOldBackups } from '../harness/old-backups.ts';
import { makeDataDir, redkeep, removeDataDir, startService } from '../harness/service.ts';

async function statesIn(dataDir: string): Promise<Record<string, string>> {
  const catalog = await openCatalog(`sqlite://${dataDir}/catalog.db`, { readOnly: true });
  const states: Record<string, string> = {};
  for await (const { backupId, state } of catalog.backups.all()) {
    states[backupId] = state;
  }
  await catalog.close();
  return states;
}

/** Locks two of five, so that two may go and the newest stays. */
async function lockTwo(dataDir: string, ids: readonly string[]): Promise<void> {
  const catalog = await openCatalog(`sqlite://${dataDir}/catalog.db`);
  for (const backupId of ids.slice(0, 2)) {
    await catalog.lifecycle.lock(backupId);
  }
  await catalog.close();
}

describe('expiry of a site', () => {
  let dataDir: string;
  let ids: string[];
  beforeEach(async () => {
    dataDir = await makeDataDir();
    ids = await makeOldBackups(dataDir, 5);
    await lockTwo(dataDir, ids);
  });
  afterEach(() => removeDataDir(dataDir));

  const expected = (state: string) => Object.fromEntries(ids.map((id, index) => [id, index === 2 || index === 3 ? state : 'available']));
  const check = async (directory = dataDir) => {
    const { backups, findings } = await findInconsistencies({ dataDir: directory }, {});
    assert.deepEqual(findings, []);
    assert.ok(backups >= 3, `${backups} backups were read`);
  };

  it('a service expires what is over when it starts, keeps what must stay, and tells it through the API', async () => {
    const service = await startService(dataDir);
    const { stdout } = await redkeep(['backup', 'delete', 'crs-5a4py64p', ids[4] ?? '', '--data-dir', dataDir]);
    assert.equal(stdout, '', 'the newest is refused');
    for (let expired = 0; expired < 2; ) {
      await service.logged('backup.expired');
      const answer = await service.client.call<{ TotalCount: number }>('redis', 'DescribeInstanceBackups', {
        InstanceId: 'crs-5a4py64p',
        Status: [-1],
      });
      expired = answer.TotalCount;
    }
    assert.deepEqual(await statesIn(dataDir), expected('expired'));
    await check();
    assert.match((await redkeep(['retention', 'confirm-clock', '--data-dir', dataDir])).stdout, /^believed from the next look on: \d{4}-/);
    assert.match(
      (await redkeep(['retention', 'resume', 'crs-5a4py64p', '--data-dir', dataDir])).stdout,
      /expire at the next look, once\n$/,
    );
    await service.stop();
  });

  it('killed before any step, the site is consistent, and the next run ends what it had begun', async () => {
    const seen: string[] = [];
    for (let step = 0; ; step++) {
      const copy = await mkdtemp(join(tmpdir(), 'redkeep-expiry-'));
      try {
        await cp(dataDir, copy, { recursive: true });
        const name = await expireIn(copy, String(step));
        if (name !== 'done') {
          seen.push(name.replace(/^\d+ /, ''));
          const between = Object.values(await statesIn(copy));
          assert.equal(between.filter((state) => state === 'available').length >= 3, true, `${between} before ${name}`);
          await check(copy);
          assert.equal(await expireIn(copy, 'none'), 'done');
        }
        assert.deepEqual(await statesIn(copy), expected('deleted'), `killed before ${name}`);
        await check(copy);
        // The removal of the second backup has the steps of the first.
        if (name === 'done' || seen.filter((each) => each === 'removal claimed').length === 2) {
          break;
        }
      } finally {
        await rm(copy, { recursive: true, force: true });
      }
    }
    for (const name of [
      'expire',
      'expired',
      'removals asked for',
      'removal claimed',
      'delete manifest',
      'delete data-00000-00000',
      'mark deleted',
      'commit deleted',
    ]) {
      assert.ok(seen.includes(name), `${name} is none of ${seen.join(', ')}`);
    }
  });
});
