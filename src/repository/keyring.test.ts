import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import {
  createKeyring,
  importKeyring,
  keyringFromText,
  keyringToText,
  mergeKeyrings,
  rememberRemoved,
  rotateKeyring,
  withoutKey,
} from './keyring.ts';

const aad = Buffer.from('where it belongs');

function raises(code: string) {
  return (error: unknown) => isDomainError(error, code);
}

test('unwraps what it wrapped', () => {
  const keyring = createKeyring();
  const dataKey = randomBytes(32);
  const wrapped = keyring.wrap(dataKey, aad);
  assert.equal(wrapped.keyId, keyring.activeKeyId);
  assert.deepEqual(keyring.unwrap(wrapped, aad), dataKey);
  assert.notDeepEqual(keyring.wrap(dataKey, aad).wrapped, wrapped.wrapped, 'a fresh nonce each time');
});

test('detects every changed byte of a sealed secret, another label, another place and another key', () => {
  const keyring = createKeyring();
  const sealed = keyring.seal('instance-secrets', Buffer.from('hunter2'), aad);
  assert.equal(keyring.open('instance-secrets', sealed, aad).toString(), 'hunter2');
  for (let at = 0; at < sealed.length; at++) {
    const flipped = Buffer.from(sealed);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.throws(
      () => keyring.open('instance-secrets', flipped, aad),
      (error) => isDomainError(error, 'sealed-data-damaged', 'master-key-missing'),
      `byte ${at}`,
    );
    assert.throws(() => keyring.open('instance-secrets', sealed.subarray(0, at), aad), raises('sealed-data-damaged'), `cut at ${at}`);
  }
  assert.throws(() => keyring.open('other', sealed, aad), raises('sealed-data-damaged'));
  assert.throws(() => keyring.open('instance-secrets', sealed, Buffer.from('elsewhere')), raises('sealed-data-damaged'));
  assert.throws(() => createKeyring().open('instance-secrets', sealed, aad), raises('master-key-missing'));
});

test('keeps old keys for opening after a rotation and seals under the new one', () => {
  const old = createKeyring();
  const sealed = old.seal('x', Buffer.from('secret'), aad);
  const wrapped = old.wrap(randomBytes(32), aad);
  const rotated = rotateKeyring(old);
  assert.deepEqual(rotated.keyIds.slice(1), old.keyIds);
  assert.notEqual(rotated.activeKeyId, old.activeKeyId);
  assert.equal(rotated.open('x', sealed, aad).toString(), 'secret');
  rotated.unwrap(wrapped, aad);
  assert.throws(() => old.open('x', rotated.seal('x', Buffer.from('new'), aad), aad), raises('master-key-missing'));
});

test('exports a text that imports to the same keys in the same order', () => {
  const keyring = rotateKeyring(createKeyring());
  const imported = importKeyring(keyring.export());
  assert.deepEqual(imported.keyIds, keyring.keyIds);
  assert.equal(imported.open('x', keyring.seal('x', Buffer.from('s'), aad), aad).toString(), 's');
});

test('reads one or several keys from the environment form', () => {
  const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const one = keyringFromText(` ${first}\n`);
  const two = keyringFromText(`${second}, ${first}`);
  assert.equal(one.keyIds.length, 1);
  assert.deepEqual(two.keyIds, [keyringFromText(second).activeKeyId, one.activeKeyId]);
});

test('derives the same id from the same key in every release', () => {
  // Computed apart from this program: HKDF-SHA256 of the key, empty salt, info `redkeep/1/key-id`, 8 bytes.
  assert.equal(keyringFromText(Buffer.alloc(32, 7).toString('base64')).activeKeyId, '33599d2b795dcdb5');
});

test('refuses key texts that are not base64 of 32 bytes, without quoting them', () => {
  const short = randomBytes(31).toString('base64');
  const url = Buffer.alloc(32, 255).toString('base64url');
  for (const text of ['', 'x', short, url, randomBytes(33).toString('base64'), `${randomBytes(32).toString('base64')},`]) {
    assert.throws(
      () => keyringFromText(text),
      (error) => isDomainError(error, 'master-key-unreadable') && (text.length < 2 || !error.message.includes(text)),
      text,
    );
  }
});

test('refuses every changed byte of an exported keyring', () => {
  const text = createKeyring().export();
  const keyAt = text.indexOf('"key": "') + 8;
  for (let at = keyAt; at < keyAt + 43; at++) {
    const other = text[at] === 'A' ? 'B' : 'A';
    assert.throws(() => importKeyring(text.slice(0, at) + other + text.slice(at + 1)), raises('master-key-unreadable'), `byte ${at}`);
  }
  for (const broken of [
    '',
    '{}',
    'null',
    text.slice(0, -5),
    text.replace('"version": 1', '"version": 2'),
    text.replace('active', 'open-only'),
  ]) {
    assert.throws(() => importKeyring(broken), raises('master-key-unreadable'), broken);
  }
  const [entry = ''] = /\{[^{}]*\}/.exec(text) ?? [];
  assert.throws(
    () => importKeyring(text.replace(entry, `${entry},${entry.replace('active', 'open-only')}`)),
    raises('master-key-unreadable'),
  );
});

test('recognises by the key check whether it holds the key of a context', () => {
  const keyring = createKeyring();
  const check = keyring.keyCheck('here');
  assert.equal(keyring.matches(check, 'here'), true);
  assert.equal(rotateKeyring(keyring).matches(check, 'here'), true);
  assert.equal(keyring.matches(check, 'there'), false);
  assert.equal(keyring.matches({ ...check, value: '' }, 'here'), false);
  assert.throws(() => createKeyring().matches(check, 'here'), raises('master-key-wrong'));
});

test('hints at what holds a key', () => {
  const [mine, other] = [createKeyring(), createKeyring()];
  for (const work of [
    () => other.open('x', mine.seal('x', Buffer.from('s'), aad), aad),
    () => other.matches(mine.keyCheck('here'), 'here'),
    () => importKeyring('{}'),
  ]) {
    assert.throws(work, (error) => isDomainError(error) && /keyring\.json or REDKEEP_MASTER_KEY/.test(error.hint ?? ''));
  }
});

test('merges what it lacks for opening only, and keeps its own active key', () => {
  const [mine, other] = [rotateKeyring(createKeyring()), rotateKeyring(createKeyring())];
  const merged = mergeKeyrings(mine, other);
  assert.deepEqual(merged.keyIds, [...mine.keyIds, ...other.keyIds]);
  assert.deepEqual(mergeKeyrings(merged, mine).keyIds, merged.keyIds);
});

test('remembers which key was taken out, through an export, until it is brought back', () => {
  const old = createKeyring();
  const sealed = old.seal('x', Buffer.from('s'), aad);
  const check = old.keyCheck('here');
  const rotated = rotateKeyring(old);
  const without = importKeyring(withoutKey(rotated, old.activeKeyId).export());
  assert.deepEqual([without.keyIds, without.removedKeyIds], [[rotated.activeKeyId], [old.activeKeyId]]);
  assert.throws(() => without.open('x', sealed, aad), raises('master-key-removed'));
  assert.throws(() => without.matches(check, 'here'), raises('master-key-removed'));
  assert.throws(() => createKeyring().open('x', sealed, aad), raises('master-key-missing'));
  const back = mergeKeyrings(without, old);
  assert.deepEqual([back.keyIds, back.removedKeyIds], [rotated.keyIds, []]);
  assert.deepEqual(rememberRemoved(createKeyring(), [old.activeKeyId]).removedKeyIds, [old.activeKeyId]);
});

test('takes out neither the active key nor one that it has not', () => {
  const keyring = rotateKeyring(createKeyring());
  assert.throws(() => withoutKey(keyring, keyring.activeKeyId), raises('master-key-active'));
  assert.throws(() => withoutKey(keyring, '0123456789abcdef'), raises('master-key-unknown'));
});

test('writes itself as the environment holds it', () => {
  const keyring = rotateKeyring(createKeyring());
  assert.deepEqual(keyringFromText(keyringToText(keyring)).keyIds, keyring.keyIds);
});

test('verifies what it signed, before and after a rotation, and no changed byte, other label, other text or removed key', () => {
  const keyring = createKeyring();
  const text = Buffer.from('a link');
  const signature = keyring.sign('download-link', text);
  const rotated = rotateKeyring(keyring);
  assert.equal(keyring.verifies('download-link', text, signature), true);
  assert.equal(rotated.verifies('download-link', text, signature), true);
  assert.notDeepEqual(rotated.sign('download-link', text), signature);
  assert.equal(keyring.verifies('download-link', text, rotated.sign('download-link', text)), false, 'the new key is not in the old ring');
  assert.equal(createKeyring().verifies('download-link', text, signature), false);
  assert.equal(keyring.verifies('another', text, signature), false);
  assert.equal(keyring.verifies('download-link', Buffer.from('a lint'), signature), false);
  for (let at = 0; at < signature.length; at++) {
    const flipped = Buffer.from(signature);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.equal(keyring.verifies('download-link', text, flipped), false, `byte ${at}`);
    assert.equal(keyring.verifies('download-link', text, signature.subarray(0, at)), false, `cut at ${at}`);
  }
  assert.equal(keyring.verifies('download-link', text, Buffer.concat([signature, Buffer.from([0])])), false);
});
