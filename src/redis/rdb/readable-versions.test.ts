import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canReadRdb } from './readable-versions.ts';

test('knows the newest version that each series reads', () => {
  const cases = [
    ['redis', '6.0.16', 9, true],
    ['redis', '6.2.14', 10, false],
    ['redis', '7.0.15', 10, true],
    ['redis', '7.0.15', 11, false],
    ['redis', '7.2.0', 11, true],
    ['redis', '7.10.0', 12, true],
    ['redis', '8.0.2', 12, true],
    ['redis', '8.0.2', 80, false],
    ['valkey', '8.1.1', 11, true],
    ['valkey', '8.1.1', 12, false],
    ['valkey', '8.1.1', 80, false],
    ['valkey', '9.1.2', 80, true],
    ['valkey', '9.1.2', 12, false],
    ['valkey', '9.1.2', 11, true],
    ['redis', '4.0.14', 8, undefined],
    ['redis', '', 9, undefined],
  ] as const;
  for (const [kind, version, rdbVersion, expected] of cases) {
    assert.equal(canReadRdb({ kind, version }, { rdbVersion }), expected, `${kind} ${version}, RDB ${rdbVersion}`);
  }
});

test('trusts a server with what its own kind wrote, of its version or before, however new', () => {
  const writer = { kind: 'redis', version: '99.1.0' } as const;
  assert.equal(canReadRdb({ kind: 'redis', version: '99.1.0' }, { rdbVersion: 20, writer }), true);
  assert.equal(canReadRdb({ kind: 'redis', version: '99.0.9' }, { rdbVersion: 20, writer }), false);
  assert.equal(canReadRdb({ kind: 'valkey', version: '99.1.0' }, { rdbVersion: 20, writer }), false);
});
