import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { isDomainError } from '../lib/errors.ts';
import { encrypt } from './encryption.ts';
import { attemptContext, FRAME_BYTES, FRAME_HEADER_BYTES } from './format.ts';
import { allocateFrameBuffer, authenticateFrame, decodeFrame, encodeFrame, parseFrameHeader } from './frame.ts';

const context = attemptContext('00'.repeat(16), { backupId: 'b', attempt: 1 });
const frameKey = { key: randomBytes(32), context, shard: 2 };
const target = allocateFrameBuffer();

function encode(plain: Buffer, position = { number: 7, last: false }): Buffer {
  return Buffer.from(encodeFrame(frameKey, position, plain, target).frame);
}

function isDamage(error: unknown): boolean {
  return isDomainError(error, 'sealed-data-damaged');
}

test('round-trips frames of every size and kind', async () => {
  for (const size of [0, 1, 15, 16, 4096, 100_000, FRAME_BYTES - 1, FRAME_BYTES]) {
    for (const plain of [Buffer.alloc(size, 'key value '), randomBytes(size)]) {
      const frame = encode(plain, { number: 0, last: true });
      const decoded = await decodeFrame(frameKey, { number: 0, last: true, plainBytes: size }, frame);
      assert.ok(decoded.plain.equals(plain), `${size} bytes`);
    }
  }
});

test('writes the header that the format describes', () => {
  const frame = encode(Buffer.alloc(1000, 'a'), { number: 0x01020304, last: true });
  const cipherBytes = frame.length - FRAME_HEADER_BYTES - 16;
  const expected = `${Buffer.from('RKFR').toString('hex')}010100020102030400000${(1000).toString(16)}${cipherBytes.toString(16).padStart(8, '0')}`;
  assert.equal(frame.toString('hex', 0, FRAME_HEADER_BYTES), expected);
  assert.deepEqual(parseFrameHeader(frame), {
    codec: 1,
    last: true,
    shard: 2,
    number: 0x01020304,
    plainBytes: 1000,
    frameBytes: frame.length,
  });
});

test('authenticates a frame of many pieces to its last byte, and answers its tag', () => {
  const plain = randomBytes(200_000);
  const frame = encode(plain);
  const expected = { number: 7, last: false, plainBytes: plain.length };
  assert.ok(authenticateFrame(frameKey, expected, frame).equals(frame.subarray(-16)));
  for (let at = FRAME_HEADER_BYTES; at < frame.length; at += 997) {
    const flipped = Buffer.from(frame);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.throws(() => authenticateFrame(frameKey, expected, flipped), isDamage, `byte ${at}`);
  }
});

test('detects every flipped bit and every cut', async () => {
  const plain = Buffer.from('the quick brown fox jumps over the lazy dog');
  const frame = encode(plain);
  const expected = { number: 7, last: false, plainBytes: plain.length };
  assert.ok((await decodeFrame(frameKey, expected, frame)).plain.equals(plain));
  for (let at = 0; at < frame.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(frame);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      await assert.rejects(() => decodeFrame(frameKey, expected, flipped), isDamage, `byte ${at} bit ${bit}`);
      assert.throws(() => authenticateFrame(frameKey, expected, flipped), isDamage, `byte ${at} bit ${bit}`);
    }
    await assert.rejects(() => decodeFrame(frameKey, expected, frame.subarray(0, at)), isDamage, `cut at ${at}`);
  }
  await assert.rejects(() => decodeFrame(frameKey, expected, Buffer.concat([frame, Buffer.from([0])])), isDamage, 'one byte more');
});

test('opens a frame only in its place', async () => {
  const plain = Buffer.from('bytes');
  const frame = encode(plain);
  const place = { number: 7, last: false, plainBytes: 5 };
  const others = [
    { number: 8, last: false, plainBytes: 5 },
    { number: 7, last: true, plainBytes: 5 },
    { number: 7, last: false, plainBytes: 4 },
  ];
  for (const other of others) {
    await assert.rejects(() => decodeFrame(frameKey, other, frame), isDamage, JSON.stringify(other));
  }
  await assert.rejects(() => decodeFrame({ ...frameKey, shard: 3 }, place, frame), isDamage, 'shard');
  await assert.rejects(() => decodeFrame({ ...frameKey, key: randomBytes(32) }, place, frame), isDamage, 'key');
  for (const ref of [
    { backupId: 'c', attempt: 1 },
    { backupId: 'b', attempt: 2 },
  ]) {
    await assert.rejects(() => decodeFrame({ ...frameKey, context: attemptContext('00'.repeat(16), ref) }, place, frame), isDamage);
  }
  const otherRepository = attemptContext('01'.repeat(16), { backupId: 'b', attempt: 1 });
  await assert.rejects(() => decodeFrame({ ...frameKey, context: otherRepository }, place, frame), isDamage, 'repository');
});

test('refuses a bomb even where its author holds the key', async () => {
  const packed = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  const header = encode(Buffer.alloc(1000, 'a')).subarray(0, FRAME_HEADER_BYTES);
  header.writeUInt32BE(packed.length, 16);
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(7, 8);
  const { ciphertext, tag } = encrypt(frameKey.key, nonce, packed, Buffer.concat([context, header]));
  const bomb = Buffer.concat([header, ciphertext, tag]);
  await assert.rejects(
    () => decodeFrame(frameKey, { number: 7, last: false, plainBytes: 1000 }, bomb),
    (error) => {
      assert.ok(isDamage(error));
      assert.match(String(error), /do not decompress to 1000 bytes/);
      return true;
    },
  );
});

test('takes no header with lengths, codecs or flags that format 1 does not allow', () => {
  const header = encode(Buffer.alloc(10));
  for (const [at, value] of [
    [4, 2],
    [5, 2],
    [12, 0x00400001],
    [16, 0x00400001],
    [12, 0xffffffff],
  ] as const) {
    const odd = Buffer.from(header);
    if (at < 8) {
      odd[at] = value;
    } else {
      odd.writeUInt32BE(value, at);
    }
    assert.equal(parseFrameHeader(odd), undefined);
  }
  assert.throws(() => encode(Buffer.alloc(FRAME_BYTES + 1)), RangeError);
});
