import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFrameIndexBuilder, parseFrameIndex } from './frame-index.ts';

interface Entry {
  readonly plainBytes: number;
  readonly frameBytes: number;
  readonly startsObject: boolean;
}

const entries = fc.array(
  fc.record({ plainBytes: fc.integer({ min: 0, max: 9 }), frameBytes: fc.integer({ min: 36, max: 50 }), startsObject: fc.boolean() }),
  { minLength: 1, maxLength: 200 },
);

function build(list: readonly Entry[]) {
  const builder = createFrameIndexBuilder();
  let object = 0;
  for (const { plainBytes, frameBytes, startsObject } of list) {
    object += startsObject && builder.frames > 0 ? 1 : 0;
    builder.add(object, plainBytes, frameBytes);
  }
  const index = parseFrameIndex(builder.encode());
  assert.ok(index);
  return index;
}

test('finds the frame of every byte', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const index = build(list);
      const owners = list.flatMap(({ plainBytes }, number) => Array.from({ length: plainBytes }, () => number));
      assert.equal(index.plainBytes, owners.length);
      for (const [offset, number] of owners.entries()) {
        const location = index.find(offset);
        assert.equal(location.number, number);
        assert.ok(location.plainOffset <= offset && offset < location.plainOffset + location.plainBytes);
      }
      assert.throws(() => index.find(owners.length), RangeError);
      assert.throws(() => index.find(-1), RangeError);
    }),
  );
});

test('lays frames end to end in their data objects', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const index = build(list);
      const ends: number[] = [];
      for (let number = 0; number < index.frames; number++) {
        const { object, offset, frameBytes, last } = index.at(number);
        assert.equal(offset, ends[object] ?? 0);
        assert.equal(last, number === list.length - 1);
        ends[object] = offset + frameBytes;
      }
      assert.deepEqual(index.objectBytes, ends);
      assert.throws(() => index.at(list.length), RangeError);
    }),
  );
});

test('refuses data objects out of order and lengths over their limits', () => {
  for (const [object, plainBytes, frameBytes] of [
    [1, 1, 40],
    [0, 4 * 1024 * 1024 + 1, 40],
    [0, 1, 4 * 1024 * 1024 + 37],
  ] as const) {
    const builder = createFrameIndexBuilder();
    builder.add(object, plainBytes, frameBytes);
    assert.equal(parseFrameIndex(builder.encode()), undefined);
  }
});
