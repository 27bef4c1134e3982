import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Catalog, InstanceState } from '../../src/catalog/catalog.ts';
import { backupRow, instanceRow, newTask } from '../harness/catalog-rows.ts';

/** Managed instances, tags and lists of tasks on whatever database. */
export function managedSuite(catalogOf: () => Catalog): void {
  test('moves an instance from state to state, and only from the one that is named', async () => {
    const { instances } = catalogOf();
    await instances.insert(instanceRow({ instanceId: 'crs-moved', kind: 'managed', state: 'creating' }));
    const stateOf = async () => {
      const row = await instances.get('crs-moved');
      return [row?.state, row?.detachedAt];
    };
    await assert.rejects(instances.move('crs-moved', 'starting', 'failed', 5), { code: 'catalog-conflict' });
    await assert.rejects(instances.move('crs-moved', 'creating', 'online', 5), /no instance turns from creating to online/);
    await instances.move('crs-moved', 'creating', 'starting', 5);
    await instances.recordLook('crs-moved', {
      serverKind: 'redis',
      serverVersion: '7.0.15',
      usedMemoryBytes: 1,
      maxMemoryBytes: 2,
      replicas: 1,
    });
    await instances.move('crs-moved', 'online', 'isolating', 6);
    assert.deepEqual(await stateOf(), ['isolating', null]);
    await instances.move('crs-moved', 'isolating', 'isolated', 7);
    assert.deepEqual(await stateOf(), ['isolated', 7]);
    await instances.move('crs-moved', 'isolated', 'cleaning', 8);
    await instances.move('crs-moved', 'cleaning', 'isolated', 9);
    assert.deepEqual(await stateOf(), ['isolated', 7], 'it is isolated since the first time');
    await instances.move('crs-moved', 'isolated', 'starting', 10);
    assert.deepEqual(await stateOf(), ['starting', null]);
    await instances.move('crs-moved', 'starting', 'isolated', 11);
    await instances.move('crs-moved', 'isolated', 'cleaning', 12);
    await instances.move('crs-moved', 'cleaning', 'detached', 13);
    assert.deepEqual(await stateOf(), ['detached', 11]);
  });

  test('discards a failed instance with its tags, and none that serves', async () => {
    const { instances, tags } = catalogOf();
    await instances.insert(instanceRow({ instanceId: 'crs-broken', kind: 'managed', state: 'failed' }));
    await tags.set({ instanceId: 'crs-broken', key: 'a', value: 'b' });
    await instances.discard('crs-broken');
    assert.equal(await instances.get('crs-broken'), undefined);
    assert.deepEqual(await tags.ofInstances(['crs-broken']), []);
    await instances.insert(instanceRow({ instanceId: 'crs-serves', kind: 'managed' }));
    await assert.rejects(instances.discard('crs-serves'), { code: 'catalog-conflict' });
  });

  test('updates name, project, protection, secrets and memory, each by itself', async () => {
    const { instances } = catalogOf();
    const row = instanceRow({ instanceId: 'crs-update', accountId: 'updates' });
    await instances.insert(row);
    await instances.update('crs-update', { name: 'Ünew' });
    await instances.update('crs-update', { projectId: 4 });
    await instances.update('crs-update', { deleteProtection: true });
    await instances.update('crs-update', { maxMemoryBytes: 2 ** 35 });
    const sealedSecrets = new Uint8Array([0, 255, 1]);
    await instances.update('crs-update', { sealedSecrets });
    const { sealedSecrets: kept = new Uint8Array(), ...others } = (await instances.get('crs-update')) ?? {};
    assert.deepEqual([...kept], [...sealedSecrets]);
    const { sealedSecrets: _, ...before } = row;
    assert.deepEqual(others, { ...before, name: 'Ünew', projectId: 4, deleteProtection: true, maxMemoryBytes: 2 ** 35 });
    assert.equal((await instances.list({ accountId: 'updates', nameContains: 'üNEW', limit: 1, offset: 0 })).total, 1);
    await assert.rejects(instances.update('crs-none', { name: 'x' }), { code: 'catalog-conflict' });
  });

  test('adds up what managed instances that have a server may take up', async () => {
    const catalog = catalogOf();
    const before = await catalog.instances.managedTotals();
    const states: InstanceState[] = ['creating', 'starting', 'online', 'isolating', 'isolated', 'cleaning', 'detached', 'failed'];
    for (const [index, state] of states.entries()) {
      const changes = { kind: 'managed', state, maxMemoryBytes: 10 ** index, port: index } as const;
      await catalog.instances.insert(instanceRow({ instanceId: `crs-total${index}`, accountId: `totals-${index}`, ...changes }));
    }
    await catalog.instances.insert(instanceRow({ instanceId: 'crs-total-x', accountId: 'totals', maxMemoryBytes: 5 }));
    const after = await catalog.instances.managedTotals();
    assert.equal(after.instances - before.instances, 4);
    assert.equal(after.maxMemoryBytes - before.maxMemoryBytes, 1_111);
    assert.deepEqual(after.ports.filter((port) => !before.ports.includes(port)).sort(), [1, 2, 3]);
    const [instanceId, payload] = ['crs-total2', JSON.stringify({ maxMemoryBytes: 1_100 })];
    await catalog.tasks.enqueue(newTask({ instanceId, kind: 'resize-instance', exclusiveKey: instanceId, payload }));
    assert.deepEqual(
      await catalog.instances.managedTotals(),
      { ...after, maxMemoryBytes: after.maxMemoryBytes + 1_000 },
      'about to have more',
    );
    const claim = await catalog.tasks.claim('worker', ['resize-instance'], 60_000);
    assert.ok(claim !== undefined);
    assert.equal((await catalog.instances.managedTotals()).maxMemoryBytes, after.maxMemoryBytes + 1_000);
    await catalog.tasks.fail(claim.lease, 'no');
    assert.deepEqual(await catalog.instances.managedTotals(), after);
    const less = JSON.stringify({ maxMemoryBytes: 1 });
    const shrink = await catalog.tasks.enqueue(newTask({ instanceId, kind: 'resize-instance', exclusiveKey: instanceId, payload: less }));
    assert.deepEqual(await catalog.instances.managedTotals(), after, 'less counts once it is so');
    const last = await catalog.tasks.claim('worker', ['resize-instance'], 60_000);
    assert.equal(last?.task.taskId, shrink);
    await catalog.tasks.succeed(last.lease);
  });

  test('lists the servers that there are, each once, and instances by them, by project and by tag', async () => {
    const { instances, tags } = catalogOf();
    const accountId = 'engines';
    for (const [index, [serverKind, serverVersion]] of [
      ['redis', '7.0.15'],
      ['redis', '7.0.15'],
      ['valkey', '8.0.1'],
    ].entries()) {
      await instances.insert(
        instanceRow({
          instanceId: `crs-engine${index}`,
          accountId,
          serverKind: serverKind ?? '',
          serverVersion: serverVersion ?? '',
          projectId: index,
        }),
      );
    }
    assert.deepEqual(
      (await instances.engines(accountId, 'ap-guangzhou')).sort((a, b) => a.serverKind.localeCompare(b.serverKind)),
      [
        { serverKind: 'redis', serverVersion: '7.0.15' },
        { serverKind: 'valkey', serverVersion: '8.0.1' },
      ],
    );
    assert.deepEqual(await instances.engines(accountId, 'ap-beijing'), []);
    await tags.set({ instanceId: 'crs-engine0', key: 'team', value: 'a' });
    await tags.set({ instanceId: 'crs-engine1', key: 'team', value: 'b' });
    const list = async (query: object) => {
      const found = await instances.list({ accountId, limit: 10, offset: 0, ...query });
      return [found.total, ...found.instances.map(({ instanceId }) => Number(instanceId.at(-1)))];
    };
    assert.deepEqual(await list({ engines: [{ serverKind: 'valkey', serverVersion: '8.0.1' }] }), [1, 2]);
    assert.deepEqual(await list({ engines: [] }), [0]);
    assert.deepEqual(await list({ projectIds: [0, 2] }), [2, 0, 2]);
    assert.deepEqual(await list({ projectIds: [] }), [0]);
    assert.deepEqual(await list({ tags: [{ key: 'team' }] }), [2, 0, 1]);
    assert.deepEqual(await list({ tags: [{ key: 'team', value: 'b' }] }), [1, 1]);
    assert.deepEqual(await list({ tags: [{ key: 'team', value: 'b' }, { key: 'none' }] }), [0]);
    assert.deepEqual(await list({ order: { by: 'project', descending: true } }), [3, 2, 1, 0]);
  });

  test('keeps one value of each tag key of an instance', async () => {
    const { instances, tags } = catalogOf();
    await instances.insert(instanceRow({ instanceId: 'crs-tags-1', accountId: 'tags' }));
    await instances.insert(instanceRow({ instanceId: 'crs-tags-2', accountId: 'tags', region: 'ap-beijing' }));
    await tags.set({ instanceId: 'crs-tags-1', key: 'b', value: '1' });
    await tags.set({ instanceId: 'crs-tags-1', key: 'a', value: '2' });
    await tags.set({ instanceId: 'crs-tags-1', key: 'b', value: '3' });
    await tags.set({ instanceId: 'crs-tags-2', key: 'a', value: '4' });
    const both = ['crs-tags-1', 'crs-tags-2'];
    const pairs = (list: Awaited<ReturnType<typeof tags.ofInstances>>) =>
      list.map(({ instanceId, key, value }) => [instanceId.at(-1), key, value]);
    assert.deepEqual(pairs(await tags.ofInstances(both)), [
      ['1', 'a', '2'],
      ['1', 'b', '3'],
      ['2', 'a', '4'],
    ]);
    assert.deepEqual(pairs(await tags.ofRegion('tags', 'ap-beijing')), [['2', 'a', '4']]);
    assert.deepEqual(await tags.ofRegion('other', 'ap-beijing'), []);
    assert.deepEqual(await tags.ofInstances([]), []);
    await tags.remove('crs-tags-1', 'a');
    await tags.remove('crs-tags-1', 'none');
    assert.deepEqual(pairs(await tags.ofInstances(['crs-tags-1'])), [['1', 'b', '3']]);
    await assert.rejects(tags.set({ instanceId: 'crs-none', key: 'a', value: '' }), { code: 'catalog-conflict' });
  });

  test('lists tasks by every filter, newest first, with name and kind of backup', async () => {
    const { instances, backups, tasks } = catalogOf();
    const accountId = 'task-list';
    await instances.insert(instanceRow({ instanceId: 'crs-task-1', accountId, name: 'One' }));
    await backups.insert(backupRow({ backupId: 'task-list-backup', accountId, instanceId: 'crs-task-1', type: 'automatic' }));
    const enqueue = (createdAt: number, changes: object) =>
      tasks.enqueue(newTask({ accountId, instanceId: 'crs-task-1', subject: '', createdAt, ...changes }));
    await enqueue(10, { subject: 'task-list-backup', requestedBy: 'me' });
    await enqueue(20, { kind: 'clear-instance' });
    await enqueue(20, { kind: 'clear-instance', instanceId: 'crs-gone' });
    await enqueue(30, { kind: 'clear-instance', region: 'ap-beijing' });
    const list = async (query: object = {}) => {
      const page = await tasks.list({ accountId, region: 'ap-guangzhou', createdFrom: 0, createdTo: 100, limit: 10, offset: 0, ...query });
      return [page.total, ...page.tasks.map((task) => `${task.kind} ${task.instanceName} ${task.backupType}`)];
    };
    const [backup, clear, gone] = ['take-backup One automatic', 'clear-instance One null', 'clear-instance  null'];
    assert.deepEqual(await list(), [3, gone, clear, backup]);
    assert.deepEqual(await list({ limit: 1, offset: 1 }), [3, clear]);
    assert.deepEqual(await list({ instanceIds: ['crs-gone'] }), [1, gone]);
    assert.deepEqual(await list({ instanceIds: [] }), [0]);
    assert.deepEqual(await list({ instanceName: 'One' }), [2, clear, backup]);
    assert.deepEqual(await list({ types: [{ kind: 'take-backup' }] }), [1, backup]);
    assert.deepEqual(await list({ types: [{ kind: 'take-backup', backupType: 'manual' }] }), [0]);
    assert.deepEqual(await list({ types: [] }), [0]);
    assert.deepEqual(await list({ states: ['preparing'] }), [3, gone, clear, backup]);
    assert.deepEqual(await list({ states: ['running'] }), [0]);
    assert.deepEqual(await list({ requestedBy: ['me', 'you'] }), [1, backup]);
    assert.deepEqual(await list({ createdFrom: 11 }), [2, gone, clear]);
    assert.deepEqual(await list({ createdTo: 10 }), [1, backup]);
    assert.deepEqual(
      (await tasks.allOfSubject('task-list-backup')).map(({ requestedBy }) => requestedBy),
      ['me'],
    );
  });
}
