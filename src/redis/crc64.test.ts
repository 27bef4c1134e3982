import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, splitAtRandom } from '../../test/harness/random-splits.ts';
import { createCrc64 } from './crc64.ts';

function digest(...pieces: Uint8Array[]): string {
  const crc = createCrc64();
  for (const piece of pieces) {
    crc.update(piece);
  }
  return crc.digestHex();
}

/** Bit by bit, straight from the definition. */
function slowDigest(bytes: Uint8Array): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
    }
  }
  return crc.toString(16).padStart(16, '0');
}

test('gives the published check value of CRC-64 Jones', () => {
  assert.equal(digest(Buffer.from('123456789')), 'e9c6d914c4b8d9ca');
  assert.equal(digest(), '0000000000000000');
});

test('gives the same for any length as the bitwise definition', () => {
  const random = createRandom(7);
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, () => Math.floor(random() * 256));
    assert.equal(digest(bytes), slowDigest(bytes), `length ${length}`);
  }
});

test('gives the same however the bytes are split', () => {
  const seed = Date.now() % 1_000_000;
  const random = createRandom(seed);
  const bytes = Buffer.from(Array.from({ length: 5000 }, () => Math.floor(random() * 256)));
  const whole = digest(bytes);
  for (let round = 0; round < 50; round++) {
    assert.equal(digest(...splitAtRandom(bytes, random, 300)), whole, `seed ${seed}, round ${round}`);
  }
});

test('takes a part of its argument by start and end', () => {
  const crc = createCrc64();
  crc.update(Buffer.from('xx123456789yyy'), 2, 11);
  assert.equal(crc.digestHex(), 'e9c6d914c4b8d9ca');
});
