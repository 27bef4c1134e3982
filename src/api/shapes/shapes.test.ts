import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backupRow, instanceRow } from '../../../test/harness/api-fixture.ts';
import { regions } from '../regions.ts';
import { toEngineVersion } from './engine-version.ts';
import { toInstanceSet } from './instance-set.ts';
import { toRedisBackupSet } from './redis-backup-set.ts';
import { formatWireTime, parseWireTime } from './wire-time.ts';

describe('time', () => {
  test('is UTC+8, whole seconds, rounded down', () => {
    assert.equal(formatWireTime(0), '1970-01-01 08:00:00');
    assert.equal(formatWireTime(Date.UTC(2018, 8, 4, 4, 51, 21, 999)), '2018-09-04 12:51:21');
    assert.equal(formatWireTime(Date.UTC(2026, 11, 31, 16, 0, 0)), '2027-01-01 00:00:00');
  });

  test('reads back as it was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: -59_000_000_000, max: 250_000_000_000 }), (second) => {
        assert.equal(parseWireTime(formatWireTime(second * 1000)), second * 1000);
      }),
    );
  });

  test('no other text is a time', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        assert.equal(parseWireTime(text), undefined);
      }),
    );
    assert.equal(parseWireTime('2023-02-29 00:00:00'), undefined);
    assert.notEqual(parseWireTime('2024-02-29 00:00:00'), undefined);
  });
});

test('an engine takes the number of the next lower version that the vendor sells', () => {
  for (const [kind, version, type, engine, fileType] of [
    ['redis', '2.8.24', 2, 'Redis', 'RDB-Redis 2.8'],
    ['redis', '3.2.0', 2, 'Redis', 'RDB-Redis 3.2'],
    ['redis', '5.0.14', 8, 'Redis', 'RDB-Redis 5.0'],
    ['redis', '6.0.16', 8, 'Redis', 'RDB-Redis 6.0'],
    ['redis', '6.2.7', 15, 'Redis', 'RDB-Redis 6.2'],
    ['redis', '7.0.15', 17, 'Redis', 'RDB-Redis 7.0'],
    ['redis', '8.2.3', 17, 'Redis', 'RDB-Redis 8.2'],
    ['valkey', '8.0.1', 19, 'Valkey', 'RDB-Valkey 8.0'],
    ['valkey', '9.1.0', 21, 'Valkey', 'RDB-Valkey 9.1'],
    ['unknown', '255.255.255', 17, 'Redis', 'RDB-Redis 255.255'],
    ['', '', 0, '', 'RDB'],
  ] as const) {
    assert.deepEqual(
      toEngineVersion(kind, version),
      { type, engine, fileType, name: fileType.replace(/^RDB-?/, '').replace(' ', '-') },
      version,
    );
  }
});

test('a failed backup cannot be shown', () => {
  assert.throws(() => toRedisBackupSet(backupRow({ state: 'failed' }), 0), /must not be listed/);
});

test('a detached instance tells when, a region without zones has zone 0', () => {
  const detached = toInstanceSet(instanceRow({ state: 'detached', detachedAt: 0, region: 'ap-jakarta' }), []);
  assert.deepEqual(
    [detached.Status, detached.OfflineTime, detached.CloseTime, detached.ZoneId, detached.RegionId],
    [-2, '1970-01-01 08:00:00', '1970-01-01 08:00:00', 0, 0],
  );
});

test('zone ids follow the vendor: region id times 10000 from 11 on, a table below', () => {
  assert.deepEqual(regions.get('ap-guangzhou')?.zoneIds, [100001, 100002, 100003, 100004, 100006, 100007]);
  assert.deepEqual(regions.get('ap-shanghai-fsi')?.zoneIds, [700001, 700002, 700003]);
  for (const region of regions.values()) {
    for (const zoneId of region.regionId >= 11 ? region.zoneIds : []) {
      assert.equal(Math.floor(zoneId / 10_000), region.regionId, region.name);
    }
  }
});

test('Locked is 1 under a lock, and under a hold until it ends', () => {
  const locked = (changes: object, at: number) => toRedisBackupSet(backupRow(changes), at).Locked;
  assert.equal(locked({ locked: true }, 0), 1);
  assert.equal(locked({ heldUntil: 1_000 }, 999), 1);
  assert.equal(locked({ heldUntil: 1_000 }, 1_000), 0);
  assert.equal(locked({ locked: true, heldUntil: 1_000 }, 1_000), 1);
});
