import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDomainError } from '../lib/errors.ts';
import { createKeyring, keyringToText, rotateKeyring, withoutKey } from './keyring.ts';
import { encodeRecoveryFile, readRecoveryFile } from './recovery-file.ts';

const first = createKeyring();
const keyring = withoutKey(rotateKeyring(rotateKeyring(first)), first.activeKeyId);

test('reads what it wrote: all keys in their order, and which were removed', () => {
  const read = readRecoveryFile(encodeRecoveryFile(keyring, 0));
  assert.equal(read.export(), keyring.export());
});

test('reads a copy of keyring.json and the text of the environment', () => {
  assert.deepEqual(readRecoveryFile(keyring.export()).keyIds, keyring.keyIds);
  assert.deepEqual(readRecoveryFile(keyringToText(keyring)).keyIds, keyring.keyIds);
});

test('detects every changed byte but white space at the end, and every cut', () => {
  const text = encodeRecoveryFile(keyring, 0);
  for (let at = 0; at < text.length - 1; at++) {
    const other = text[at] === 'x' ? 'y' : 'x';
    const changed = text.slice(0, at) + other + text.slice(at + 1);
    assert.throws(
      () => readRecoveryFile(changed),
      (error) => isDomainError(error, 'recovery-file-damaged', 'master-key-unreadable'),
      `byte ${at}`,
    );
    assert.throws(
      () => readRecoveryFile(text.slice(0, at)),
      (error) => isDomainError(error, 'recovery-file-damaged', 'master-key-unreadable'),
      `cut at ${at}`,
    );
  }
});

test('names no key in an error', () => {
  const text = encodeRecoveryFile(keyring, 0);
  const key = /"key": "(.*)"/.exec(text)?.[1] ?? '';
  assert.equal(key.length, 44);
  for (const damaged of [text.slice(0, -30), key.slice(0, -2), keyring.export().slice(0, -5)]) {
    assert.throws(
      () => readRecoveryFile(damaged),
      (error) => error instanceof Error && !error.message.includes(key.slice(0, 8)),
    );
  }
});
