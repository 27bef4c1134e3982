import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, splitAtRandom } from '../../test/harness/random-splits.ts';
import { createRdbTransfer } from './rdb-transfer.ts';

const MARK = '0123456789abcdef0123456789abcdef01234567';

interface Outcome {
  readonly received: string;
  readonly rest: string | undefined;
  readonly sizeBytes: number;
}

/** Every piece in the same buffer, which is overwritten once the receiver has done with it, as a read buffer is. */
async function transfer(header: string, pieces: Uint8Array[], isAsync = false): Promise<Outcome> {
  const received: Buffer[] = [];
  const rdb = createRdbTransfer(header, (bytes) => {
    if (!isAsync) {
      received.push(Buffer.from(bytes));
      return undefined;
    }
    return Promise.resolve().then(() => {
      received.push(Buffer.from(bytes));
    });
  });
  let rest: string | undefined;
  for (const piece of pieces) {
    const shared = Buffer.from(piece);
    rest = (await rdb.receive(shared))?.toString();
    shared.fill(0);
    if (rest !== undefined) {
      break;
    }
  }
  return { received: Buffer.concat(received).toString(), rest, sizeBytes: rdb.sizeBytes() };
}

test('ends at the mark wherever the two reads around it are cut', async () => {
  const payload = 'REDIS0010'.repeat(12);
  const whole = Buffer.from(payload + MARK);
  for (let cut = 0; cut <= whole.length; cut++) {
    for (const isAsync of [false, true]) {
      const outcome = await transfer(`$EOF:${MARK}`, [whole.subarray(0, cut), whole.subarray(cut)], isAsync);
      assert.deepEqual(outcome, { received: payload, rest: '', sizeBytes: payload.length }, `cut ${cut}`);
    }
  }
});

test('takes what only looks like the mark for data', async () => {
  const lookalikes = [MARK.slice(0, 39), MARK.slice(1), MARK.slice(0, 20), `${MARK.slice(0, 39)}8`, MARK.slice(0, 39) + MARK.slice(0, 39)];
  const payload = `begin${lookalikes.join('-')}${MARK.slice(0, 39)}`;
  const whole = Buffer.from(payload + MARK);
  const byteByByte = [...whole].map((byte) => Buffer.from([byte]));
  assert.deepEqual(await transfer(`$EOF:${MARK}`, byteByByte), { received: payload, rest: '', sizeBytes: payload.length });
  const seed = Date.now() % 1_000_000;
  const random = createRandom(seed);
  for (let round = 0; round < 500; round++) {
    const outcome = await transfer(`$EOF:${MARK}`, splitAtRandom(whole, random, 90), round % 2 === 0);
    assert.equal(outcome.received, payload, `seed ${seed}, round ${round}`);
  }
});

test('answers what follows the mark, whichever read it came in', async () => {
  const whole = Buffer.from(`${'x'.repeat(50)}${MARK}stream`);
  for (let cut = 0; cut <= 50 + 40; cut++) {
    const outcome = await transfer(`$EOF:${MARK}`, [whole.subarray(0, cut), whole.subarray(cut)]);
    assert.equal(outcome.received, 'x'.repeat(50));
    assert.equal(outcome.rest, cut === 90 ? '' : 'stream', `cut ${cut}`);
  }
});

test('hands over exactly the announced length and answers what follows', async () => {
  const payload = 'p'.repeat(70_000);
  const whole = Buffer.from(`${payload}stream`);
  const random = createRandom(3);
  for (const isAsync of [false, true]) {
    const outcome = await transfer('$70000', [whole], isAsync);
    assert.deepEqual(outcome, { received: payload, rest: 'stream', sizeBytes: 70_000 });
    const split = await transfer('$70000', splitAtRandom(whole, random, 5_000), isAsync);
    assert.equal(split.received, payload);
  }
});

test('stays open while bytes are missing', async () => {
  assert.equal((await transfer('$100', [Buffer.alloc(99)])).rest, undefined);
  assert.equal((await transfer(`$EOF:${MARK}`, [Buffer.from(`data${MARK.slice(0, 39)}`)])).rest, undefined);
});

test('refuses headers that announce no RDB', () => {
  for (const header of ['', '$', '$-1', '$17', '$1e9', '$99999999999999999', '$EOF:short', `$EOF:${MARK}0`, '+OK', '*1', '$EOF:']) {
    assert.throws(() => createRdbTransfer(header, () => {}), { code: 'source-protocol-error' }, header);
  }
});
