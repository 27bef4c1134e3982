import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { acceptsGzip, compress } from './compress.ts';

test('gzip is accepted where it, or else anything, is named with a weight above 0', () => {
  for (const [header, expected] of [
    ['gzip', true],
    ['gzip,deflate', true],
    ['deflate, GZIP;q=0.5', true],
    ['x-gzip', true],
    ['*', true],
    ['*;q=0.1', true],
    ['br, gzip; q=1.0', true],
    ['', false],
    ['identity', false],
    ['deflate', false],
    ['br', false],
    ['gzip;q=0', false],
    ['gzip; q=0.000', false],
    ['gzip;q=0, *', false],
    ['*;q=0', false],
    ['gzippy', false],
  ] as const) {
    assert.equal(acceptsGzip(header), expected, header);
  }
});

test('a body is compressed from 4096 bytes on, small and large alike, and never unasked', async () => {
  for (const [sizeBytes, accept, isCompressed] of [
    [4095, 'gzip', false],
    [4096, 'gzip', true],
    [4096, 'deflate', false],
    [4096, undefined, false],
    [64 * 1024, 'gzip', true],
    [64 * 1024 + 1, 'gzip', true],
    [1_000_000, 'gzip', true],
  ] as const) {
    const text = 'a'.repeat(sizeBytes);
    const compressed = await compress(text, sizeBytes, accept);
    assert.equal(compressed !== undefined, isCompressed, `${sizeBytes} ${accept}`);
    assert.ok(compressed === undefined || (compressed.length < sizeBytes && gunzipSync(compressed).toString() === text));
  }
});
