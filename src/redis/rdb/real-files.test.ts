import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { countEveryType } from '../../../test/harness/every-type.ts';
import { createRandom, splitAtRandom } from '../../../test/harness/random-splits.ts';
import { toRdbFixture } from '../../../test/harness/rdb-fixtures.ts';
import { isDomainError } from '../../lib/errors.ts';
import { createRdbChecksum } from './rdb-checksum.ts';
import { createRdbScanner, type RdbScan } from './scanner.ts';

const BASE = { functions: false, fieldExpiries: false, vectorSets: false };
const FILES = [
  { name: 'redis-6.0', format: 'redis', rdbVersion: 9, abilities: BASE },
  { name: 'redis-7.0', format: 'redis', rdbVersion: 10, abilities: { ...BASE, functions: true } },
  { name: 'valkey-8.0', format: 'redis', rdbVersion: 11, abilities: { ...BASE, functions: true } },
  { name: 'valkey-8.1', format: 'redis', rdbVersion: 11, abilities: { ...BASE, functions: true } },
  { name: 'redis-8.0', format: 'redis', rdbVersion: 12, abilities: { functions: true, fieldExpiries: true, vectorSets: true } },
  { name: 'valkey-9.1', format: 'valkey', rdbVersion: 80, abilities: { ...BASE, functions: true, fieldExpiries: true } },
];

const read = (name: string): Buffer => zstdDecompressSync(readFileSync(toRdbFixture(name)));

function scan(chunks: Iterable<Uint8Array>): RdbScan {
  const scanner = createRdbScanner();
  for (const chunk of chunks) {
    scanner.write(chunk);
  }
  return scanner.end();
}

for (const { name, format, rdbVersion, abilities } of FILES) {
  test(`the RDB of a real ${name} is counted by type, database and expiry`, () => {
    const { keys, auxiliary, ...scanned } = scan([read(name)]);
    assert.deepEqual([scanned.format, scanned.rdbVersion], [format, rdbVersion]);
    assert.deepEqual(keys.byType, countEveryType(abilities));
    assert.deepEqual([keys.withExpiry, keys.functions], [abilities.fieldExpiries ? 5 : 4, abilities.functions ? 2 : 0]);
    assert.deepEqual(Object.keys(keys.byDatabase), ['0', '3', '15']);
    assert.match(auxiliary['repl-id'] ?? '', /^[0-9a-f]{40}$/);
  });
}

test('values and auxiliary data of real modules are counted and skipped', () => {
  assert.deepEqual(scan([read('redis-7.0-modules')]).keys.byType, { string: 1, hash: 50, module: 56 });
});

for (const name of [...FILES.map((file) => file.name), 'redis-7.0-modules']) {
  describe(`the RDB of a real ${name}`, () => {
    const file = read(name);
    const whole = scan([file]);

    test('is scanned to its end, with the checksum that it carries', () => {
      assert.equal(whole.incompleteReason, undefined);
      assert.equal(whole.sizeBytes, file.length);
      const checksum = createRdbChecksum();
      checksum.update(file);
      assert.equal(checksum.finish().state, 'equal');
    });

    test('comes to the same byte by byte and at random splits', () => {
      assert.deepEqual(scan([...file].map((byte) => Uint8Array.of(byte))), whole);
      const seed = Date.now() % 1_000_000;
      const random = createRandom(seed);
      for (const mostBytes of [10, 100, 1_000, 10_000, 100_000]) {
        assert.deepEqual(scan(splitAtRandom(file, random, mostBytes)), whole, `seed ${seed}, pieces of up to ${mostBytes}`);
      }
    });

    test('with bytes changed ends in counts, in a reason or in a typed error, and never with an equal checksum', () => {
      const seed = Date.now() % 1_000_000;
      const random = createRandom(seed);
      for (let round = 0; round < 150; round++) {
        const damaged = Buffer.from(file);
        for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
          const at = Math.floor(random() * damaged.length);
          damaged[at] = (damaged[at] ?? 0) ^ (1 + Math.floor(random() * 255));
        }
        const checksum = createRdbChecksum();
        checksum.update(damaged);
        assert.equal(checksum.finish().state === 'equal' && !damaged.equals(file), false, `seed ${seed}, round ${round}`);
        try {
          const { keys, incompleteReason } = scan(splitAtRandom(damaged, random, 50_000));
          assert.equal(keys.complete, incompleteReason === undefined);
        } catch (error) {
          assert.ok(isDomainError(error, 'rdb-bad-magic', 'rdb-truncated', 'rdb-trailing-bytes'), `seed ${seed}, round ${round}: ${error}`);
        }
      }
    });

    test('is an error when cut short', () => {
      const seed = Date.now() % 1_000_000;
      const random = createRandom(seed);
      const lengths = [0, 8, 9, file.length - 9, file.length - 8, file.length - 1];
      for (const length of [...lengths, ...Array.from({ length: 200 }, () => Math.floor(random() * file.length))]) {
        assert.throws(() => scan([file.subarray(0, length)]), { code: 'rdb-truncated' }, `seed ${seed}, ${length} bytes`);
      }
    });
  });
}
