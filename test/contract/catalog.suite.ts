import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Backup, Catalog } from '../../src/catalog/catalog.ts';
import { NO_RESTRICTION } from '../../src/catalog/download-restriction.ts';
import { backupRow, instanceRow, newTask } from '../harness/catalog-rows.ts';
import { accessSuite } from './access.suite.ts';
import { backupPageSuite } from './backup-page.suite.ts';
import { lifecycleSuite } from './lifecycle.suite.ts';
import { managedSuite } from './managed.suite.ts';
import { proofsSuite } from './proofs.suite.ts';
import { restoresSuite } from './restores.suite.ts';
import { scheduleSuite } from './schedule.suite.ts';

/** What every catalog does, whatever database it stands on. `open` gives an empty one. */
export function catalogSuite(database: string, open: () => Promise<AsyncDisposable & { catalog: Catalog }>): void {
  describe(`catalog on ${database}`, () => {
    let opened: AsyncDisposable & { catalog: Catalog };
    let catalog: Catalog;
    before(async () => {
      opened = await open();
      catalog = opened.catalog;
    });
    after(() => opened[Symbol.asyncDispose]());

    test('keeps the first value of a setting', async () => {
      assert.equal(await catalog.settings.get('repository-id'), undefined);
      assert.equal(await catalog.settings.setOnce('repository-id', 'one'), 'one');
      assert.equal(await catalog.settings.setOnce('repository-id', 'two'), 'one');
      assert.equal(await catalog.settings.get('repository-id'), 'one');
    });

    test('changes a setting, and lists those of one prefix', async () => {
      await catalog.settings.set('list/b', '1');
      await catalog.settings.set('list/b', '2');
      await catalog.settings.setOnce('list/a', '3');
      await catalog.settings.set('lisu', '4');
      assert.deepEqual(
        [...(await catalog.settings.below('list/'))],
        [
          ['a', '3'],
          ['b', '2'],
        ],
      );
    });

    test('gives back an instance as it was put in', async () => {
      const instance = instanceRow({ instanceId: 'crs-whole', tls: true, user: 'backup', sealedSecrets: new Uint8Array([0, 255]) });
      await catalog.instances.insert(instance);
      assert.deepEqual(await catalog.instances.get('crs-whole'), instance);
      assert.equal(await catalog.instances.get('crs-none'), undefined);
    });

    test('reads a sealed secret apart from its row, and replaces it only where it is still the same', async () => {
      await catalog.instances.insert(instanceRow({ instanceId: 'crs-sealed', sealedSecrets: new Uint8Array([1, 2]) }));
      const secret = (await catalog.sealed.all('instance-secrets')).find(({ id }) => id === 'crs-sealed');
      assert.deepEqual(secret, { id: 'crs-sealed', sealed: new Uint8Array([1, 2]) });
      await catalog.sealed.replace('instance-secrets', secret, new Uint8Array([3]));
      assert.deepEqual((await catalog.instances.get('crs-sealed'))?.sealedSecrets, new Uint8Array([3]));
      await assert.rejects(catalog.sealed.replace('instance-secrets', secret, new Uint8Array([4])), { code: 'catalog-conflict' });
    });

    test('refuses a second instance of one id', async () => {
      await catalog.instances.insert(instanceRow({ instanceId: 'crs-twice' }));
      await assert.rejects(catalog.instances.insert(instanceRow({ instanceId: 'crs-twice' })), { code: 'catalog-conflict' });
    });

    test('lists instances out of 40,000 ids, more than a database takes values in a statement', async () => {
      const accountId = 'many-ids';
      for (const instanceId of ['crs-many0', 'crs-many1', 'crs-many2']) {
        await catalog.instances.insert(instanceRow({ accountId, instanceId, name: instanceId }));
      }
      const others = Array.from({ length: 40_000 }, (_, index) => `crs-${index}`);
      const list = async (instanceIds: string[]) => {
        const { total, instances } = await catalog.instances.list({ accountId, instanceIds, limit: 10, offset: 0 });
        return [total, ...instances.map((instance) => instance.instanceId)];
      };
      assert.deepEqual(await list([...others, 'crs-many2', 'crs-many0']), [2, 'crs-many0', 'crs-many2']);
      assert.deepEqual(await list(others), [0]);
      assert.deepEqual(await list(['crs-many1']), [1, 'crs-many1']);
      assert.deepEqual(await list([]), [0]);
    });

    test('lists instances by every filter', async () => {
      const accountId = 'lists';
      const names = ['Alpha', 'beta_1', 'beta-1', 'gamma'];
      for (const [index, name] of names.entries()) {
        await catalog.instances.insert(
          instanceRow({
            accountId,
            instanceId: `crs-list${index}`,
            name,
            host: `10.0.0.${index}`,
            createdAt: 100 - index,
            maxMemoryBytes: index,
            state: name === 'gamma' ? 'detached' : 'online',
            region: name === 'Alpha' ? 'ap-beijing' : 'ap-guangzhou',
          }),
        );
      }
      const list = async (query: object) => {
        const { total, instances } = await catalog.instances.list({ accountId, limit: 10, offset: 0, ...query });
        return [total, ...instances.map((instance) => instance.name)];
      };
      assert.deepEqual(await list({}), [3, 'beta-1', 'beta_1', 'Alpha']);
      assert.deepEqual(await list({ limit: 1, offset: 1 }), [3, 'beta_1']);
      assert.deepEqual(await list({ offset: 9 }), [3]);
      assert.deepEqual(await list({ region: 'ap-beijing' }), [1, 'Alpha']);
      assert.deepEqual(await list({ nameContains: 'ALPH' }), [1, 'Alpha']);
      assert.deepEqual(await list({ nameContains: 'a_1' }), [1, 'beta_1']);
      assert.deepEqual(await list({ names: ['alpha', 'beta-1'] }), [1, 'beta-1']);
      assert.deepEqual(await list({ searchAny: ['10.0.0.1'] }), [1, 'beta_1']);
      assert.deepEqual(await list({ searchAny: ['ALPH', 'crs-list2'] }), [2, 'beta-1', 'Alpha']);
      assert.deepEqual(await list({ searchAny: ['crs-list', '10.0.0'] }), [0]);
      assert.deepEqual(await list({ searchAny: ['', ...Array.from({ length: 999 }, (_, i) => `no-${i}`)] }), [0]);
      assert.deepEqual(await list({ searchAny: [...Array.from({ length: 999 }, (_, i) => `no-${i}`), 'alph'] }), [1, 'Alpha']);
      assert.deepEqual(await list({ searchAny: [] }), [0]);
      assert.deepEqual(await list({ instanceIds: ['crs-list2', 'crs-list3'] }), [1, 'beta-1']);
      assert.deepEqual(await list({ instanceIds: [] }), [0]);
      assert.deepEqual(await list({ states: ['detached'] }), [1, 'gamma']);
      assert.deepEqual(await list({ order: { by: 'name', descending: false } }), [3, 'Alpha', 'beta-1', 'beta_1']);
      assert.deepEqual(await list({ accountId: 'nobody' }), [0]);
    });

    test('turns an instance from attaching to online to detached, and in no other order', async () => {
      const facts = { serverKind: 'valkey', serverVersion: '8.0.1', usedMemoryBytes: 5, maxMemoryBytes: 6, replicas: 1 };
      await catalog.instances.insert(instanceRow({ instanceId: 'crs-life', state: 'attaching' }));
      await assert.rejects(catalog.instances.detach('crs-life', 7), { code: 'catalog-conflict' });
      await catalog.instances.recordLook('crs-life', facts);
      assert.deepEqual(await catalog.instances.get('crs-life'), instanceRow({ instanceId: 'crs-life', ...facts }));
      await assert.rejects(catalog.instances.discard('crs-life'), { code: 'catalog-conflict' });
      await catalog.instances.detach('crs-life', 7);
      await assert.rejects(catalog.instances.recordLook('crs-life', facts), { code: 'catalog-conflict' });
      const detached = await catalog.instances.get('crs-life');
      assert.deepEqual([detached?.state, detached?.detachedAt], ['detached', 7]);
    });

    test('discards an instance that was never looked at', async () => {
      await catalog.instances.insert(instanceRow({ instanceId: 'crs-gone', state: 'attaching' }));
      await catalog.instances.discard('crs-gone');
      assert.equal(await catalog.instances.get('crs-gone'), undefined);
    });

    test('relocates managed instances only', async () => {
      await catalog.instances.insert(instanceRow({ instanceId: 'crs-managed', kind: 'managed' }));
      await catalog.instances.relocate('crs-managed', '127.0.0.2', 7_000);
      const moved = await catalog.instances.get('crs-managed');
      assert.deepEqual([moved?.host, moved?.port], ['127.0.0.2', 7_000]);
      await assert.rejects(catalog.instances.relocate('crs-life', '127.0.0.2', 7_000), { code: 'catalog-conflict' });
    });

    test('refuses a backup of an instance that the account does not have', async () => {
      await catalog.instances.insert(instanceRow());
      await assert.rejects(catalog.backups.insert(backupRow({ instanceId: 'crs-none' })), { code: 'catalog-conflict' });
      await assert.rejects(catalog.backups.insert(backupRow({ accountId: 'other' })), { code: 'catalog-conflict' });
      await assert.rejects(catalog.backups.insert(backupRow({ region: 'ap-beijing' })), { code: 'catalog-conflict' });
    });

    test('completes a running backup once', async () => {
      const result = { attempt: 2, endedAt: 2_500, sizeBytes: 1_234, serverKind: 'redis', serverVersion: '7.0.15' };
      const backup = backupRow({ backupId: 'completed', remark: 'before the sale', locked: true, type: 'automatic' });
      await catalog.backups.insert(backup);
      await assert.rejects(catalog.backups.insert(backup), { code: 'catalog-conflict' });
      await catalog.backups.complete('completed', result);
      assert.deepEqual(await catalog.backups.get('completed'), { ...backup, ...result, state: 'available' });
      await assert.rejects(catalog.backups.complete('completed', result), { code: 'catalog-conflict' });
      await assert.rejects(catalog.backups.fail('completed', 2_600), { code: 'catalog-conflict' });
      assert.equal(await catalog.backups.get('none'), undefined);
    });

    test('fails a running backup once', async () => {
      await catalog.backups.insert(backupRow({ backupId: 'failed' }));
      await catalog.backups.fail('failed', 2_600);
      assert.deepEqual(await catalog.backups.get('failed'), backupRow({ backupId: 'failed', state: 'failed', endedAt: 2_600 }));
      await assert.rejects(catalog.backups.fail('failed', 2_600), { code: 'catalog-conflict' });
    });

    test('walks over every backup in the order of ids', async () => {
      const seen = async () => {
        const ids: string[] = [];
        for await (const backup of catalog.backups.all()) {
          ids.push(backup.backupId);
        }
        return ids;
      };
      const before = await seen();
      const added: Backup[] = Array.from({ length: 1_001 }, (_, index) => backupRow({ backupId: `all-${index}`, state: 'available' }));
      await catalog.transaction(async (tables) => {
        for (const backup of added) {
          await tables.backups.insert(backup);
        }
      });
      assert.deepEqual(await seen(), [...before, ...added.map((backup) => backup.backupId)].sort());
    });

    test('counts backups as there are, through every way in which rows change', async () => {
      await catalog.backups.insert(backupRow({ backupId: 'counted-1' }));
      await catalog.backups.insert(backupRow({ backupId: 'counted-2' }));
      await catalog.backups.fail('counted-1', 2_600);
      assert.deepEqual(await catalog.backups.miscounted(), []);
      assert.deepEqual(await catalog.findDamage(), []);
    });

    test('rolls a transaction back as a whole', async () => {
      const fault = new Error('no');
      await catalog.backups.insert(backupRow({ backupId: 'rolled-back' }));
      await assert.rejects(
        catalog.transaction(async (tables) => {
          await tables.settings.setOnce('rolled-back', 'yes');
          await tables.backups.fail('rolled-back', 3_000);
          await tables.tasks.enqueue(newTask({ exclusiveKey: 'rolled-back' }));
          throw fault;
        }),
        fault,
      );
      assert.equal(await catalog.settings.get('rolled-back'), undefined);
      assert.equal((await catalog.backups.get('rolled-back'))?.state, 'running');
      assert.equal(await catalog.tasks.unfinished('rolled-back'), undefined);
    });

    test('shows a transaction its own writes, and nobody else before its end', async () => {
      await catalog.backups.insert(backupRow({ backupId: 'own-writes' }));
      await catalog.transaction(async (tables) => {
        await tables.backups.fail('own-writes', 3_000);
        assert.equal((await tables.backups.get('own-writes'))?.state, 'failed');
        assert.equal((await catalog.backups.get('own-writes'))?.state, 'running');
      });
      assert.equal((await catalog.backups.get('own-writes'))?.state, 'failed');
    });

    test('runs transactions that start together one after the other', async () => {
      await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          catalog.transaction(async (tables) => {
            assert.equal(await tables.settings.get('turn'), undefined);
            await tables.settings.setOnce('turn', String(index));
            throw new Error('rolled back');
          }),
        ).map((transaction) => assert.rejects(transaction, /rolled back/)),
      );
      assert.equal(await catalog.settings.get('turn'), undefined);
    });

    test('keeps a download restriction for each account and region, and the last one counts', async () => {
      const { downloadRestrictions } = catalog;
      assert.deepEqual(await downloadRestrictions.get('1', 'ap-guangzhou'), NO_RESTRICTION);
      const rule = { ...NO_RESTRICTION, limit: 'custom', ipRule: 'not-in', ips: ['10.0.0.0/8'] } as const;
      await downloadRestrictions.set('1', 'ap-guangzhou', { ...NO_RESTRICTION, limit: 'intranet' }, 1_000);
      await downloadRestrictions.set('1', 'ap-guangzhou', rule, 2_000);
      assert.deepEqual(await downloadRestrictions.get('1', 'ap-guangzhou'), rule);
      assert.deepEqual(await downloadRestrictions.get('1', 'ap-beijing'), NO_RESTRICTION);
      assert.deepEqual(await downloadRestrictions.get('2', 'ap-guangzhou'), NO_RESTRICTION);
    });

    backupPageSuite(() => catalog);
    accessSuite(() => catalog);
    lifecycleSuite(() => catalog);
    scheduleSuite(() => catalog);
    proofsSuite(() => catalog);
    managedSuite(() => catalog);
    restoresSuite(() => catalog);
  });
}
