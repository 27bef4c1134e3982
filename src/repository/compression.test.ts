import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { isDomainError } from '../lib/errors.ts';
import { CODEC_RAW, CODEC_ZSTD, compress, decompress } from './compression.ts';

function isDamage(error: unknown): boolean {
  return isDomainError(error, 'sealed-data-damaged');
}

test('compresses what gains and keeps what does not', async () => {
  const text = Buffer.alloc(100_000, 'compressible ');
  const packed = compress(text);
  assert.equal(packed.codec, CODEC_ZSTD);
  assert.ok(packed.bytes.byteLength < 1000);
  assert.deepEqual(await decompress(packed.codec, Buffer.from(packed.bytes), text.length), text);

  const noise = randomBytes(100_000);
  assert.deepEqual(compress(noise), { codec: CODEC_RAW, bytes: noise });
  assert.equal(compress(Buffer.alloc(0)).codec, CODEC_RAW);
  // 4 % of zeros: zstd would gain, but too little to pay for decompression.
  assert.equal(compress(Buffer.concat([randomBytes(96_000), Buffer.alloc(4_000)])).codec, CODEC_RAW);
});

test('refuses a frame that inflates to more than was declared, without allocating it', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  assert.ok(bomb.length < 10_000);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(() => decompress(CODEC_ZSTD, bomb, 1000), isDamage);
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024);
});

test('refuses other lengths than declared, cuts, and bytes behind the end', async () => {
  const plain = Buffer.alloc(5000, 'abc');
  const packed = Buffer.from(compress(plain).bytes);
  for (const plainBytes of [0, 1, 4999, 5001, 4 * 1024 * 1024]) {
    await assert.rejects(() => decompress(CODEC_ZSTD, packed, plainBytes), isDamage, `declared ${plainBytes}`);
  }
  for (let end = 0; end < packed.length; end++) {
    await assert.rejects(() => decompress(CODEC_ZSTD, packed.subarray(0, end), 5000), isDamage, `cut at ${end}`);
  }
  for (const tail of ['00', 'ff', '28b52ffd', '502a4d180200000041']) {
    await assert.rejects(() => decompress(CODEC_ZSTD, Buffer.concat([packed, Buffer.from(tail, 'hex')]), 5000), isDamage, `tail ${tail}`);
  }
  await assert.rejects(() => decompress(CODEC_RAW, plain, 4999), isDamage);
});

test('refuses content that fails its checksum', async () => {
  const packed = Buffer.from(compress(Buffer.alloc(5000, 'abc')).bytes);
  packed[packed.length - 1] = (packed[packed.length - 1] ?? 0) ^ 1;
  await assert.rejects(() => decompress(CODEC_ZSTD, packed, 5000), isDamage);
});
