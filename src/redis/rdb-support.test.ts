import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsRdb, compareVersions } from './rdb-support.ts';

test('a server loads RDBs up to its own version, and those of its own kind and age', () => {
  const redis = (serverVersion: string) => ({ serverKind: 'redis', serverVersion }) as const;
  const valkey = (serverVersion: string) => ({ serverKind: 'valkey', serverVersion }) as const;
  const unknown = { serverKind: 'unknown', serverVersion: '' } as const;
  for (const [server, writer, rdbVersion, expected] of [
    [redis('7.0.15'), redis('7.0.15'), 10, true],
    [redis('7.0.15'), redis('6.2.1'), 9, true],
    [redis('7.0.15'), redis('7.2.0'), 11, false],
    [redis('7.2.4'), valkey('8.0.1'), 11, true],
    [redis('8.2.0'), valkey('9.0.0'), 80, false],
    [redis('8.4.0'), redis('8.4.0'), 13, true],
    [redis('8.2.0'), redis('8.4.0'), 13, false],
    [redis('6.0.16'), redis('7.0.0'), 10, false],
    [valkey('8.1.0'), redis('7.0.15'), 10, true],
    [valkey('8.1.0'), valkey('9.0.0'), 80, false],
    [valkey('9.0.0'), valkey('9.0.0'), 80, true],
    [valkey('9.0.0'), redis('7.4.0'), 12, false],
    [redis('7.0.15'), unknown, 10, true],
    [unknown, redis('7.0.15'), 10, false],
  ] as const) {
    assert.equal(acceptsRdb(server, { ...writer, rdbVersion }), expected, `${JSON.stringify(server)}, RDB ${rdbVersion}`);
  }
});

test('versions compare by number', () => {
  assert.deepEqual(['7.10.0', '7.9.9', '7.9.10', '6'].sort(compareVersions), ['6', '7.9.9', '7.9.10', '7.10.0']);
});
