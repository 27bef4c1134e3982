import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessKey, PolicyRecord, User } from '../../src/catalog/access.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { backupRow, instanceRow } from '../harness/catalog-rows.ts';

const ACCOUNT = 'access';

function userRow(uin: string, changes: Partial<User> = {}): Omit<User, 'uid'> {
  return { accountId: ACCOUNT, uin, name: `name-${uin}`, remark: '', phone: '', countryCode: '', email: '', createdAt: 1_000, ...changes };
}

function keyRow(secretId: string, uin: string, changes: Partial<AccessKey> = {}): AccessKey {
  const sealedSecretKey = new Uint8Array([0, 255]);
  return { secretId, accountId: ACCOUNT, uin, sealedSecretKey, status: 'active', description: '', createdAt: 1_000, ...changes };
}

function policyRow(policyId: number, changes: Partial<PolicyRecord> = {}): PolicyRecord {
  const facts = { name: `Policy-${policyId}`, kind: 'custom', description: '', document: '{}' } as const;
  return { policyId, accountId: ACCOUNT, ...facts, createdAt: policyId, updatedAt: policyId, ...changes };
}

/** Users, keys and policies on whatever database. */
export function accessSuite(catalogOf: () => Catalog): void {
  test('gives back a user as it was put in, numbered upwards', async () => {
    const { users } = catalogOf();
    const row = userRow('1', { remark: 'r', phone: 'p', countryCode: 'c', email: 'e' });
    const uid = await users.insert(row);
    assert.deepEqual(await users.get(ACCOUNT, '1'), { ...row, uid });
    assert.deepEqual(await users.byName(ACCOUNT, 'name-1'), { ...row, uid });
    assert.equal(await users.get('other', '1'), undefined);
    assert.equal(await users.byName(ACCOUNT, 'NAME-1'), undefined);
    const next = await users.insert(userRow('2'));
    assert.ok(next > uid);
    assert.deepEqual(
      (await users.list(ACCOUNT)).map((user) => user.uin),
      ['1', '2'],
    );
  });

  test('refuses a second user of one uin, in any account, or of one name in the account', async () => {
    const { users } = catalogOf();
    await assert.rejects(users.insert(userRow('1', { name: 'else' })), { code: 'catalog-conflict' });
    await assert.rejects(users.insert(userRow('1', { accountId: 'other' })), { code: 'catalog-conflict' });
    await assert.rejects(users.insert(userRow('3', { name: 'name-1' })), { code: 'catalog-conflict' });
    await users.insert(userRow('3', { name: 'name-1', accountId: 'other' }));
  });

  test('changes what is given of a user', async () => {
    const { users } = catalogOf();
    await users.update(ACCOUNT, '2', { remark: 'new', email: 'mail' });
    await users.update(ACCOUNT, '2', {});
    const user = await users.get(ACCOUNT, '2');
    assert.deepEqual([user?.remark, user?.email, user?.phone], ['new', 'mail', '']);
    await assert.rejects(users.update('other', '2', { remark: 'x' }), { code: 'catalog-conflict' });
  });

  test('keeps keys by id and by user', async () => {
    const { accessKeys } = catalogOf();
    const key = keyRow('AKID1', '1', { description: 'd' });
    await accessKeys.insert(key);
    await accessKeys.insert(keyRow('AKID0', '1', { createdAt: 2_000 }));
    assert.deepEqual(await accessKeys.get('AKID1'), key);
    assert.equal(await accessKeys.get('akid1'), undefined);
    assert.deepEqual(
      (await accessKeys.ofUser(ACCOUNT, '1')).map(({ secretId }) => secretId),
      ['AKID1', 'AKID0'],
    );
    assert.deepEqual(
      (await accessKeys.all()).map(({ secretId }) => secretId),
      ['AKID0', 'AKID1'],
    );
    await assert.rejects(accessKeys.insert(key), { code: 'catalog-conflict' });
    await assert.rejects(accessKeys.insert(keyRow('AKID2', '99')), { code: 'catalog-conflict' });
    await assert.rejects(accessKeys.insert(keyRow('AKID2', '1', { accountId: 'other' })), { code: 'catalog-conflict' });
  });

  test('switches a key off and on, and deletes it', async () => {
    const { accessKeys } = catalogOf();
    await accessKeys.setStatus('AKID0', 'inactive');
    assert.equal((await accessKeys.get('AKID0'))?.status, 'inactive');
    await accessKeys.delete('AKID0');
    await assert.rejects(accessKeys.delete('AKID0'), { code: 'catalog-conflict' });
    await assert.rejects(accessKeys.setStatus('AKID0', 'active'), { code: 'catalog-conflict' });
  });

  test('has the preset policies from the start, for every account', async () => {
    const { policies } = catalogOf();
    const listed = await policies.list({ accountId: 'anybody', limit: 10, offset: 0 });
    assert.deepEqual(
      listed.policies.map(({ policyId, name, kind }) => [policyId, name, kind]),
      [
        [1, 'AdministratorAccess', 'preset'],
        [2, 'ReadOnlyAccess', 'preset'],
        [3, 'QcloudRedisFullAccess', 'preset'],
        [4, 'QcloudRedisReadOnlyAccess', 'preset'],
      ],
    );
    assert.equal((await policies.byName('anybody', 'ReadOnlyAccess'))?.policyId, 2);
    await assert.rejects(policies.update('', 1, { name: 'x', updatedAt: 1 }), { code: 'catalog-conflict' });
    await assert.rejects(policies.delete('', 1), { code: 'catalog-conflict' });
  });

  test('keeps custom policies of an account apart from those of others', async () => {
    const { policies } = catalogOf();
    const policy = policyRow(101, { description: 'd', document: '{"a":1}' });
    await policies.insert(policy);
    await policies.insert(policyRow(102, { accountId: 'other', name: policy.name }));
    assert.deepEqual(await policies.get(ACCOUNT, 101), policy);
    assert.equal(await policies.get(ACCOUNT, 102), undefined);
    await assert.rejects(policies.insert(policyRow(101, { name: 'else' })), { code: 'catalog-conflict' });
    await assert.rejects(policies.insert(policyRow(103, { name: policy.name })), { code: 'catalog-conflict' });
    await policies.update(ACCOUNT, 101, { name: 'Renamed', updatedAt: 7 });
    assert.deepEqual(await policies.get(ACCOUNT, 101), { ...policy, name: 'Renamed', updatedAt: 7 });
    await assert.rejects(policies.update(ACCOUNT, 102, { name: 'x', updatedAt: 7 }), { code: 'catalog-conflict' });
    await assert.rejects(policies.delete(ACCOUNT, 102), { code: 'catalog-conflict' });
  });

  test('lists policies by every filter, with how often each is attached', async () => {
    const { policies } = catalogOf();
    await policies.insert(policyRow(104, { name: 'alpha_1' }));
    await policies.attach({ accountId: ACCOUNT, uin: '1', policyId: 101, attachedAt: 5, attachedBy: 'root' });
    await policies.attach({ accountId: ACCOUNT, uin: '2', policyId: 101, attachedAt: 4, attachedBy: 'root' });
    await policies.attach({ accountId: ACCOUNT, uin: '1', policyId: 4, attachedAt: 6, attachedBy: '1' });
    const list = async (query: object) => {
      const { total, policies: rows } = await policies.list({ accountId: ACCOUNT, limit: 10, offset: 0, ...query });
      return [total, ...rows.map((row) => `${row.policyId}/${row.attachments}`)];
    };
    assert.deepEqual(await list({}), [6, '1/0', '2/0', '3/0', '4/1', '101/2', '104/0']);
    assert.deepEqual(await list({ kind: 'custom' }), [2, '101/2', '104/0']);
    assert.deepEqual(await list({ nameContains: 'A_1' }), [1, '104/0']);
    assert.deepEqual(await list({ attachedTo: '1' }), [2, '4/1', '101/2']);
    assert.deepEqual(await list({ limit: 2, offset: 4 }), [6, '101/2', '104/0']);
    assert.deepEqual(await list({ attachedTo: '99' }), [0]);
  });

  test('attaches once, tells both sides, and gives what decides a user’s calls', async () => {
    const { policies } = catalogOf();
    await policies.attach({ accountId: ACCOUNT, uin: '1', policyId: 101, attachedAt: 50, attachedBy: 'else' });
    const ofPolicy = await policies.attachments({ accountId: ACCOUNT, policyId: 101 });
    assert.deepEqual(
      ofPolicy.map(({ uin, attachedAt, attachedBy }) => [uin, attachedAt, attachedBy]),
      [
        ['2', 4, 'root'],
        ['1', 5, 'root'],
      ],
    );
    assert.deepEqual(
      (await policies.attachments({ accountId: ACCOUNT, uin: '1' })).map(({ policyId }) => policyId),
      [101, 4],
    );
    const deciding = await policies.ofUser(ACCOUNT, '1');
    assert.deepEqual(
      deciding.map(({ policyId, name }) => [policyId, name]),
      [
        [4, 'QcloudRedisReadOnlyAccess'],
        [101, 'Renamed'],
      ],
    );
    assert.equal(deciding[1]?.document, '{"a":1}');
    assert.deepEqual(await policies.ofUser('other', '1'), []);
    const attachment = { accountId: ACCOUNT, attachedAt: 1, attachedBy: '' };
    await assert.rejects(policies.attach({ ...attachment, uin: '99', policyId: 101 }), { code: 'catalog-conflict' });
    await assert.rejects(policies.attach({ ...attachment, uin: '1', policyId: 999 }), { code: 'catalog-conflict' });
    await policies.detach(ACCOUNT, '1', 4);
    await policies.detach(ACCOUNT, '1', 4);
    assert.equal((await policies.ofUser(ACCOUNT, '1')).length, 1);
  });

  test('removes keys and attachments with their user or policy', async () => {
    const { users, accessKeys, policies } = catalogOf();
    await users.delete(ACCOUNT, '1');
    assert.equal(await accessKeys.get('AKID1'), undefined);
    assert.deepEqual(await policies.ofUser(ACCOUNT, '1'), []);
    await policies.delete(ACCOUNT, 101);
    assert.deepEqual(await policies.ofUser(ACCOUNT, '2'), []);
    await assert.rejects(users.delete(ACCOUNT, '1'), { code: 'catalog-conflict' });
  });

  test('tells the ids of a region, and pages over the backups of some instances', async () => {
    const { instances, backups } = catalogOf();
    const owner = { accountId: ACCOUNT, region: 'ap-guangzhou' };
    for (const [index, instanceId] of ['crs-a', 'crs-b', 'crs-c'].entries()) {
      await instances.insert(instanceRow({ ...owner, instanceId, state: index === 2 ? 'detached' : 'online' }));
      for (const [number, startedAt] of [10, 20].entries()) {
        await backups.insert(
          backupRow({ ...owner, instanceId, backupId: `${instanceId}-${number}`, state: 'available', startedAt: startedAt + index }),
        );
      }
    }
    await instances.insert(instanceRow({ ...owner, instanceId: 'crs-d', region: 'ap-beijing' }));
    assert.deepEqual((await instances.ids(ACCOUNT, 'ap-guangzhou')).sort(), ['crs-a', 'crs-b', 'crs-c']);
    const page = async (query: object) => {
      const { total, backups: rows } = await backups.page({ ...owner, states: ['available'], limit: 10, offset: 0, ...query });
      return [total, ...rows.map((row) => row.backupId)];
    };
    assert.deepEqual(await page({ instanceIds: ['crs-a', 'crs-c'] }), [4, 'crs-a-0', 'crs-c-0', 'crs-a-1', 'crs-c-1']);
    assert.deepEqual(await page({ instanceIds: ['crs-a', 'crs-c'], limit: 1, offset: 2 }), [4, 'crs-a-1']);
    assert.deepEqual(await page({ instanceIds: ['crs-b'], startedFrom: 15 }), [1, 'crs-b-1']);
    assert.deepEqual(await page({ instanceIds: ['crs-d'] }), [0]);
    assert.deepEqual(await page({ instanceIds: [] }), [0]);
  });
}
