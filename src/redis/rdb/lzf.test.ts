import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decompressLzf } from './lzf.ts';

test('copies literals and repeats what lies before, overlapping included', () => {
  // Two literals, then ten bytes from one byte back (control 7 << 5, one more length byte), then three from three back.
  const block = Buffer.from([1, 0x61, 0x62, 0xe0, 1, 0, 0x20, 2]);
  assert.equal(decompressLzf(block, 2 + 10 + 3)?.toString(), `ab${'b'.repeat(10)}bbb`);
});

test('refuses blocks that are malformed or of another size', () => {
  assert.equal(decompressLzf(Buffer.from([1, 0x61]), 2), undefined, 'literal run past the end');
  assert.equal(decompressLzf(Buffer.from([0x20]), 3), undefined, 'reference cut short');
  assert.equal(decompressLzf(Buffer.from([0xe0]), 9), undefined, 'long reference cut short');
  assert.equal(decompressLzf(Buffer.from([0x20, 0]), 3), undefined, 'reference before the start');
  assert.equal(decompressLzf(Buffer.from([0, 0x61, 0x20, 0]), 3), undefined, 'more than announced');
  assert.equal(decompressLzf(Buffer.from([0, 0x61]), 2), undefined, 'less than announced');
});
