import type { RedisServer } from './redis-server.ts';

/** What two servers with the same data have in common: two contents are deepEqual exactly where the data is. */
export interface RedisContent {
  /** Over all keys and values of all databases, without expiries. Needs `enable-debug-command`. */
  readonly digest: string;
  /** By database: number of keys, and a hash over each key with its expiry in milliseconds. */
  readonly databases: Record<string, { keys: number; expiries: string }>;
  readonly functions: unknown;
}

const HASH_EXPIRIES = `
local lines = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  lines[#lines + 1] = redis.sha1hex(key) .. ':' .. redis.call('PEXPIRETIME', key)
end
table.sort(lines)
return redis.sha1hex(table.concat(lines, ','))`;

export async function readContent(server: RedisServer): Promise<RedisContent> {
  const databases: RedisContent['databases'] = {};
  const keyspace = String(await server.command('INFO', 'keyspace'));
  for (const [, database = ''] of keyspace.matchAll(/^db(\d+):/gm)) {
    await server.command('SELECT', database);
    databases[database] = {
      keys: Number(await server.command('DBSIZE')),
      expiries: String(await server.command('EVAL', HASH_EXPIRIES, '0')),
    };
  }
  await server.command('SELECT', '0');
  return {
    digest: String(await server.command('DEBUG', 'DIGEST')),
    databases,
    functions: await server.command('FUNCTION', 'LIST', 'WITHCODE'),
  };
}
