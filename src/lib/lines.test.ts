import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../test/contract/object-storage.suite.ts';
import { pickSeed } from '../../test/harness/random-seed.ts';
import { createRandom, splitAtRandom } from '../../test/harness/random-splits.ts';
import { decodeLines, encodeLines } from './lines.ts';

const LINES = ['', 'one', '订单 – é', '', 'x'.repeat(200_000), '{"a":1}'];

async function* from<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

test('gives back the lines that were put in, in one piece, byte by byte and at random splits', async (t) => {
  const text = Buffer.concat(await collect(encodeLines(from(LINES))));
  assert.deepEqual(await collect(decodeLines(from([text]))), LINES);
  const short = Buffer.concat(await collect(encodeLines(from(LINES.slice(0, 4)))));
  assert.deepEqual(await collect(decodeLines(from([...short].map((byte) => Buffer.from([byte]))))), LINES.slice(0, 4));
  const random = createRandom(pickSeed(t));
  assert.deepEqual(await collect(decodeLines(from(splitAtRandom(text, random, 5000).map((piece) => Buffer.from(piece))))), LINES);
});

test('gives a cut last line as it is', async () => {
  const text = Buffer.from('one\ntwo\n');
  for (let end = 0; end <= text.length; end++) {
    const cut = text.subarray(0, end).toString();
    assert.deepEqual((await collect(decodeLines(from([Buffer.from(cut)])))).join('\n'), cut.replace(/\n$/, ''));
  }
  assert.deepEqual(await collect(decodeLines(from([]))), []);
});
