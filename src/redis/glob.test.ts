import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickSeed } from '../../test/harness/random-seed.ts';
import { createRandom } from '../../test/harness/random-splits.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { matchesGlob } from './glob.ts';

const matches = (pattern: string, text: string) => matchesGlob(Buffer.from(pattern), Buffer.from(text));

test('patterns match as in the manual of KEYS', () => {
  for (const [pattern, text, expected] of [
    ['h?llo', 'hallo', true],
    ['h?llo', 'hllo', false],
    ['h*llo', 'hllo', true],
    ['h*llo', 'heeeello', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hbllo', true],
    ['h[a-b]llo', 'hbllo', true],
    ['h\\?llo', 'hallo', false],
    ['h\\?llo', 'h?llo', true],
    ['', '', true],
    ['*', '', true],
    ['user:*:name', 'user:1:2:name', true],
  ] as const) {
    assert.equal(matches(pattern, text), expected, `${pattern} ${text}`);
  }
});

test('patterns match as a real server matches them', async (t) => {
  await using redis = await startRedis();
  const random = createRandom(pickSeed(t));
  const pick = (alphabet: string, most: number) =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
  const texts = [...new Set(Array.from({ length: 300 }, () => pick('ab-]^*\\', 5)))];
  await redis.command('MSET', ...texts.flatMap((text) => [text, '']));
  for (let round = 0; round < 400; round++) {
    const pattern = pick('ab**??[[]]^-\\\\', 7);
    const found = new Set((await redis.command('KEYS', pattern)) as string[]);
    for (const text of texts) {
      assert.equal(matches(pattern, text), found.has(text), `${JSON.stringify(pattern)} ${JSON.stringify(text)}`);
    }
  }
});

test('many stars take no time', () => {
  assert.equal(matches(`${'a*'.repeat(50)}b`, 'a'.repeat(5000)), false);
});
