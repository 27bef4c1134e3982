import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTempCatalog } from '../../test/harness/temp-catalog.ts';
import { createKeyring, rotateKeyring } from '../repository/keyring.ts';
import { createFindCredential, createTokenBox, sealSecretKey } from './access-keys.ts';

const ROOT = { secretId: 'AKIDroot', secretKey: 'root-secret' };
const ACCOUNT = '100000000001';
const UIN = '100012345678';

test('finds the root credential, then the active keys of users', async () => {
  await using temporary = await openTempCatalog();
  const { catalog } = temporary;
  const keyring = createKeyring();
  const find = createFindCredential(ROOT, ACCOUNT, catalog, keyring);
  assert.deepEqual(await find('AKIDroot'), { secretKey: 'root-secret', accountId: ACCOUNT, uin: ACCOUNT });
  assert.equal(await find('AKIDuser'), undefined);

  const facts = { remark: '', phone: '', countryCode: '', email: '', createdAt: 0 };
  await catalog.users.insert({ accountId: ACCOUNT, uin: UIN, name: 'u', ...facts });
  const key = { accountId: ACCOUNT, uin: UIN, status: 'active', description: '', createdAt: 0 } as const;
  await catalog.accessKeys.insert({ ...key, secretId: 'AKIDuser', sealedSecretKey: sealSecretKey(keyring, 'AKIDuser', 'one') });
  assert.deepEqual(await find('AKIDuser'), { secretKey: 'one', accountId: ACCOUNT, uin: UIN });
  await catalog.accessKeys.setStatus('AKIDuser', 'inactive');
  assert.equal(await find('AKIDuser'), undefined);

  await catalog.accessKeys.delete('AKIDuser');
  await catalog.accessKeys.insert({ ...key, secretId: 'AKIDuser', sealedSecretKey: sealSecretKey(keyring, 'AKIDuser', 'two') });
  assert.deepEqual(await find('AKIDuser'), { secretKey: 'two', accountId: ACCOUNT, uin: UIN });

  const moved = sealSecretKey(keyring, 'AKIDuser', 'two');
  await catalog.accessKeys.insert({ ...key, secretId: 'AKIDother', sealedSecretKey: moved });
  await assert.rejects(async () => find('AKIDother'), { code: 'sealed-data-damaged' });
});

test('opens secrets and tokens that were sealed before the master key was rotated', async () => {
  await using temporary = await openTempCatalog();
  const { catalog } = temporary;
  const before = createKeyring();
  const after = rotateKeyring(before);
  const facts = { remark: '', phone: '', countryCode: '', email: '', createdAt: 0 };
  await catalog.users.insert({ accountId: ACCOUNT, uin: UIN, name: 'u', ...facts });
  const sealedSecretKey = sealSecretKey(before, 'AKIDuser', 'one');
  const key = { secretId: 'AKIDuser', accountId: ACCOUNT, uin: UIN, status: 'active', description: '', createdAt: 0 } as const;
  await catalog.accessKeys.insert({ ...key, sealedSecretKey });
  assert.equal((await createFindCredential(ROOT, ACCOUNT, catalog, after)('AKIDuser'))?.secretKey, 'one');
  const token = createTokenBox(before).seal(Buffer.from('plain'));
  assert.equal(Buffer.from(createTokenBox(after).open(token) ?? []).toString(), 'plain');
});

test('opens no token of another keyring, a changed one or what is none', () => {
  const box = createTokenBox(createKeyring());
  const token = Buffer.from(box.seal(Buffer.from('plain')));
  assert.equal(createTokenBox(createKeyring()).open(token), undefined);
  for (let i = 0; i < token.length; i++) {
    const changed = Buffer.from(token);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.equal(box.open(changed), undefined, `byte ${i}`);
  }
  for (let length = 0; length < token.length; length++) {
    assert.equal(box.open(token.subarray(0, length)), undefined);
  }
});
