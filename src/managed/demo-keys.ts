import type { SeededRandom } from './seeded-random.ts';

export type Command = ReadonlyArray<string | Buffer>;

/** A group of keys of one kind. `write` gives the commands that make the key `key`, the `index`th of its family. */
export interface KeyFamily {
  readonly database: 0 | 1;
  readonly count: number;
  name(index: number, random: SeededRandom): string | Buffer;
  write(key: string | Buffer, index: number, random: SeededRandom): Command[];
}

/** Bytes that break a parser which takes values for text: NUL, CRLF, what looks like RESP, and broken UTF-8. */
const AWKWARD_BYTES = Buffer.from('\0\r\n$5\r\n*1\r\n\xff\xfe\x80', 'latin1');
/** Stream ids must not depend on the day: 2026-01-01T00:00:00Z. */
const STREAM_START_MS = 1_767_225_600_000;

/**
 * What the demo holds: every type of value, in each of the encodings that a small, an integer-only and a big one have. 1,800 keys in
 * database 0 and 200 in database 1.
 */
export const KEY_FAMILIES: readonly KeyFamily[] = [
  family(407, 'user', (key, i, random) => [['SET', key, `${word(random)} ${word(random)} #${i} – ü 缓存`]]),
  family(200, 'counter', (key, _, random) => [['SET', key, String(random.below(2_000_000_000) - 1_000_000_000)]]),
  family(20, 'article', (key, i, random) => [['SET', key, longText(random, 2_048 * (i + 1))]]),
  {
    database: 0,
    count: 80,
    name: (index, random) => Buffer.concat([Buffer.from(`blob:${index}:`), AWKWARD_BYTES, random.bytes(6)]),
    write: (key, i, random) => [['SET', key, Buffer.concat([random.bytes(i * 8), AWKWARD_BYTES])]],
  },
  family(250, 'product', (key, i, random) => [['HSET', key, ...fields(random, 3 + (i % 5))]]),
  family(4, 'prices', (key, _, random) => [['HSET', key, ...fields(random, 1_500)]]),
  family(200, 'queue', (key, i, random) => [['RPUSH', key, ...texts(random, 1 + (i % 12))]]),
  family(3, 'history', (key, _, random) => [['RPUSH', key, ...texts(random, 4_000)]]),
  family(100, 'ids', (key, i, random) => [['SADD', key, ...numbers(random, 2 + (i % 20))]]),
  family(100, 'tags', (key, i, random) => [['SADD', key, ...texts(random, 2 + (i % 8))]]),
  family(3, 'visitors', (key, _, random) => [['SADD', key, ...texts(random, 3_000)]]),
  family(250, 'ranking', (key, i, random) => [['ZADD', key, ...scores(random, 2 + (i % 10))]]),
  family(3, 'leaderboard', (key, _, random) => [['ZADD', key, ...scores(random, 3_000)]]),
  family(40, 'shops', (key, i, random) => [['GEOADD', key, ...places(random, 3 + (i % 6))]]),
  family(60, 'events', writeStream),
  family(40, 'unique', (key, i, random) => [['PFADD', key, ...texts(random, 5 + i * 20)]]),
  family(40, 'online', (key, _, random) => Array.from({ length: 8 }, () => ['SETBIT', key, String(random.below(4_096)), '1'])),
  { ...family(120, 'session', (key, _, random) => [['HSET', key, ...fields(random, 4)]]), database: 1 },
  { ...family(80, 'cache', (key, i, random) => [['SET', key, random.bytes(16 + i)]]), database: 1 },
];

function family(count: number, prefix: string, write: KeyFamily['write']): KeyFamily {
  return { database: 0, count, name: (index) => `${prefix}:${1000 + index}`, write };
}

/** Entries, a deleted one, and two groups: one that has read everything and acknowledged half, one that has read a little. */
function writeStream(key: string | Buffer, index: number, random: SeededRandom): Command[] {
  const count = 6 + (index % 20);
  const ids = Array.from({ length: count }, (_, i) => `${STREAM_START_MS + index * 1_000 + i}-${i % 3}`);
  const acknowledged = ids.filter((_, i) => i % 2 === 0);
  return [
    ...ids.map((id) => ['XADD', key, id, 'kind', word(random), 'amount', String(random.below(10_000))]),
    ['XDEL', key, ids[1] ?? ''],
    ['XGROUP', 'CREATE', key, 'billing', '0'],
    ['XGROUP', 'CREATE', key, 'audit', '0'],
    ['XREADGROUP', 'GROUP', 'billing', 'worker-1', 'COUNT', String(count), 'STREAMS', key, '>'],
    ['XACK', key, 'billing', ...acknowledged],
    ['XREADGROUP', 'GROUP', 'audit', 'worker-2', 'COUNT', '2', 'STREAMS', key, '>'],
  ];
}

function word(random: SeededRandom): string {
  const starts = ['ka', 'lo', 'mi', 'ren', 'su', 'ta', 'vo', 'xi', 'zhu'] as const;
  const ends = ['bar', 'dell', 'ling', 'mar', 'ness', 'rok', 'shan', 'tan', 'wen'] as const;
  return random.pick(starts) + random.pick(ends);
}

function texts(random: SeededRandom, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${word(random)}-${random.below(1_000_000)}-${i}`);
}

function numbers(random: SeededRandom, count: number): string[] {
  return Array.from({ length: count }, () => String(random.below(2 ** 31) - 2 ** 30));
}

function fields(random: SeededRandom, count: number): string[] {
  return texts(random, count).flatMap((name) => [name, String(random.below(1_000_000))]);
}

function scores(random: SeededRandom, count: number): string[] {
  return texts(random, count).flatMap((member) => [String((random.below(2_000_000) - 1_000_000) / 8), member]);
}

function places(random: SeededRandom, count: number): string[] {
  return texts(random, count).flatMap((name) => [
    String(random.below(3_600_000) / 10_000 - 180),
    String(random.below(1_600_000) / 10_000 - 80),
    name,
  ]);
}

/** Half words, which compress, and half random bytes, which do not. */
function longText(random: SeededRandom, length: number): Buffer {
  let text = '';
  while (text.length < length / 2) {
    text += `${word(random)} `;
  }
  return Buffer.concat([Buffer.from(text), random.bytes(length / 2)]);
}
