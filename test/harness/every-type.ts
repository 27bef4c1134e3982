import { parseInfoText } from '../../src/redis/info-text.ts';
import type { RdbKeyCounts } from '../../src/redis/rdb/key-counter.ts';
import type { RedisServer } from './redis-server.ts';

type Command = Array<string | Buffer>;

/**
 * Keys of every type in every encoding that a small server uses, in three databases. Expiries are whole seconds far away, so that two servers
 * have the same, and one that only tells how long a key has yet can be compared.
 */
const COMMON: readonly Command[] = [
  ['SET', 'text', 'value'],
  ['SET', 'int8', '7'],
  ['SET', 'int16', '-3000'],
  ['SET', 'int32', '2000000000'],
  ['SET', 'int64', '9000000000000000000'],
  ['SET', 'compressed', 'compressible '.repeat(50)],
  ['SET', 'long', 'x'.repeat(1_000_000)],
  ['SET', Buffer.from('binary\0key\r\n$5\r\n'), Buffer.from([0, 13, 10, 255, 254])],
  ['SET', '', 'empty name'],
  ['SETBIT', 'bitmap', '100000', '1'],
  ['PFADD', 'hyperloglog', 'a', 'b', 'c'],
  ['SET', 'in 2100', 'v'],
  ['EXPIREAT', 'in 2100', '4102444800'],
  ['SET', 'in 2200', 'v'],
  ['PEXPIREAT', 'in 2200', '7258118400000'],
  ['RPUSH', 'list small', 'a', 'b', '3'],
  ['RPUSH', 'list large', ...many(2000, (i) => [`element ${i} ${'compressible '.repeat(50)}`])],
  ['SADD', 'set of integers', ...many(50, (i) => [String(i * 1000)])],
  ['SADD', 'set small', 'a', 'b'],
  ['SADD', 'set large', ...many(1000, (i) => [`member ${i}`])],
  ['ZADD', 'zset small', '1.5', 'a', '-inf', 'b'],
  ['ZADD', 'zset large', ...many(1000, (i) => [String(i / 7), `member ${i}`])],
  ['HSET', 'hash small', 'f', 'v'],
  ['HSET', 'hash large', ...many(1000, (i) => [`field ${i}`, 'compressible '.repeat(50)])],
  ['EXPIREAT', 'hash large', '4102444801'],
  ...Array.from({ length: 300 }, (_, i) => ['XADD', 'stream', `${i + 1}-1`, 'field', `value ${i}`]),
  ['XGROUP', 'CREATE', 'stream', 'group', '0'],
  ['XGROUP', 'CREATE', 'stream', 'idle group', '$'],
  ['XREADGROUP', 'GROUP', 'group', 'first', 'COUNT', '100', 'STREAMS', 'stream', '>'],
  ['XREADGROUP', 'GROUP', 'group', 'second', 'COUNT', '5', 'STREAMS', 'stream', '>'],
  ['XACK', 'stream', 'group', '3-1', '4-1'],
  ['XDEL', 'stream', '1-1', '200-1'],
  ['XADD', 'stream empty', '1-1', 'f', 'v'],
  ['XDEL', 'stream empty', '1-1'],
  ['SELECT', '3'],
  ['SET', 'in three', 'v'],
  ['EXPIREAT', 'in three', '4102444802'],
  ['SELECT', '15'],
  ...Array.from({ length: 500 }, (_, i) => ['SET', `key ${i}`, String(i)]),
  ['SELECT', '0'],
];

const FUNCTIONS: readonly Command[] = [
  ['FUNCTION', 'LOAD', "#!lua name=one\nredis.register_function('f1', function() return 1 end)"],
  ['FUNCTION', 'LOAD', "#!lua name=two\nredis.register_function('f2', function() return 2 end)"],
];

const FIELD_EXPIRIES: readonly Command[] = [
  ['HSET', 'fields small', 'stays', 'v', 'goes', 'w'],
  ['HEXPIREAT', 'fields small', '4102444803', 'FIELDS', '1', 'goes'],
  ['HSET', 'fields large', ...many(1000, (i) => [`field ${i}`, String(i)])],
  ['HPEXPIREAT', 'fields large', '4102444804123', 'FIELDS', '2', 'field 1', 'field 999'],
  ['EXPIREAT', 'fields large', '4102444805'],
];

const VECTOR_SETS: readonly Command[] = [
  ['VADD', 'vectors', 'VALUES', '3', '0.1', '0.2', '0.3', 'first'],
  ['VADD', 'vectors', 'VALUES', '3', '0.5', '-0.2', '12', 'second', 'SETATTR', '{"year": 1950}'],
];

/** What a scan counts by type where a server can hold the common types only. */
export const EVERY_TYPE_COUNTS = { string: 514, list: 2, set: 3, zset: 2, hash: 2, stream: 2 };

/** What a version of a server can hold beside the common types. */
export interface ServerAbilities {
  readonly functions: boolean;
  readonly fieldExpiries: boolean;
  /** The type of a module that comes with the server. */
  readonly vectorSets: boolean;
}

/** Asks the server itself, which knows its commands better than any table. */
async function readAbilities(server: RedisServer): Promise<ServerAbilities> {
  const known = (await server.command('COMMAND', 'INFO', 'FUNCTION', 'HEXPIRE', 'VADD')) as unknown[];
  const [functions = false, fieldExpiries = false, vectorSets = false] = known.map((command) => command !== null);
  return { functions, fieldExpiries, vectorSets };
}

/** Fills database 0, 3 and 15 with all that the server can hold. */
export async function fillWithEveryType(server: RedisServer): Promise<ServerAbilities> {
  const abilities = await readAbilities(server);
  const commands = [
    ...(abilities.functions ? FUNCTIONS : []),
    ...(abilities.fieldExpiries ? FIELD_EXPIRIES : []),
    ...(abilities.vectorSets ? VECTOR_SETS : []),
    ...COMMON,
  ];
  await Promise.all(commands.map((command) => server.command(...command)));
  return abilities;
}

/** What a scan counts by type after that. */
export function countEveryType({ fieldExpiries, vectorSets }: ServerAbilities): Record<string, number> {
  return {
    ...EVERY_TYPE_COUNTS,
    hash: EVERY_TYPE_COUNTS.hash + (fieldExpiries ? 2 : 0),
    ...(vectorSets ? { module: 1 } : {}),
  };
}

/** INFO keyspace in the form of a scan's counts. */
export async function readKeyspace(server: RedisServer): Promise<RdbKeyCounts['byDatabase']> {
  const keyspace = parseInfoText(String(await server.command('INFO', 'keyspace')));
  return Object.fromEntries(
    [...keyspace].map(([name, value]) => {
      const match = /^keys=([0-9]+),expires=([0-9]+)/.exec(value);
      return [name.slice(2), { keys: Number(match?.[1]), withExpiry: Number(match?.[2]) }];
    }),
  );
}

function many(count: number, make: (index: number) => string[]): string[] {
  return Array.from({ length: count }, (_, index) => make(index)).flat();
}
