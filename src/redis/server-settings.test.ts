import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecret } from './server-settings.ts';

test('knows directives that hold a secret from those that only sound so', () => {
  for (const name of [
    'requirepass',
    'masterauth',
    'primaryauth',
    'masteruser',
    'tls-key-file-pass',
    'tls-client-key-file-pass',
    'REQUIREPASS',
    'search.auth-token',
  ]) {
    assert.equal(isSecret(name), true, name);
  }
  for (const name of ['tls-auth-clients', 'tls-key-file', 'maxmemory', 'user', 'aclfile', 'bypass-check']) {
    assert.equal(isSecret(name), false, name);
  }
});
