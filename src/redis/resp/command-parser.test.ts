import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { command } from '../../../test/harness/fake-replica.ts';
import { pickSeed } from '../../../test/harness/random-seed.ts';
import { createRandom, splitAtRandom } from '../../../test/harness/random-splits.ts';
import { isDomainError } from '../../lib/errors.ts';
import { createCommandParser } from './command-parser.ts';

const COMMANDS = [['PING'], ['AUTH', 'us er', 'pä\r\nss'], ['REPLCONF', 'ACK', '12'], ['X', '']];
const WIRE = Buffer.from(`\n${COMMANDS.map((args) => command(...args)).join('\n\n')}\n`);

function parseAll(pieces: Uint8Array[]): string[][] {
  const parse = createCommandParser();
  return pieces.flatMap((piece) => parse(piece));
}

describe('commands of a replica', () => {
  test('come out the same however they are cut', (t) => {
    assert.deepEqual(parseAll([WIRE]), COMMANDS);
    assert.deepEqual(parseAll([...WIRE].map((byte) => Buffer.from([byte]))), COMMANDS);
    const random = createRandom(pickSeed(t));
    for (let round = 0; round < 200; round++) {
      assert.deepEqual(parseAll(splitAtRandom(WIRE, random, 20)), COMMANDS);
    }
  });

  test('that are cut short are none yet, at each offset', () => {
    const ends = COMMANDS.map(
      (_, index) =>
        WIRE.length -
        1 -
        Buffer.byteLength(
          COMMANDS.slice(index + 1)
            .map((args) => `\n\n${command(...args)}`)
            .join(''),
        ),
    );
    for (let length = 0; length <= WIRE.length; length++) {
      const parse = createCommandParser();
      const whole = ends.filter((end) => end <= length).length;
      assert.deepEqual(parse(WIRE.subarray(0, length)), COMMANDS.slice(0, whole), `${length} bytes`);
      assert.deepEqual(parse(WIRE.subarray(length)), COMMANDS.slice(whole), `from ${length} on`);
    }
  });

  test('that are none, or too big, are refused', () => {
    for (const text of [
      'PING\r\n',
      'GET / HTTP/1.1\r\n',
      '*1\r\n+OK\r\n',
      '*1\r\n$2\r\nabcd\r\n',
      '*-1\r\n',
      '*33\r\n',
      '*1\r\n$1025\r\n',
      '*1\r\n$999999999999\r\n',
      `*${'1'.repeat(20)}`,
      '\x16\x03\x01',
    ]) {
      for (const pieces of [[Buffer.from(text)], [...Buffer.from(text)].map((byte) => Buffer.from([byte]))]) {
        assert.throws(
          () => parseAll(pieces),
          (error) => isDomainError(error, 'peer-protocol-error'),
          JSON.stringify(text),
        );
      }
    }
  });
});
