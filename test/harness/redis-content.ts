import type { RedisServer } from './redis-server.ts';

/** What two servers with the same data have in common: two contents are deepEqual exactly where the data is. */
export interface RedisContent {
  /** Over all keys and values of all databases, without expiries. Needs `enable-debug-command`. */
  readonly digest: string;
  /** By database: number of keys, and a hash over each key with its expiry and those of its fields in milliseconds. */
  readonly databases: Record<string, { keys: number; expiries: string }>;
  /** Libraries by name; none where the server knows no functions. */
  readonly functions: readonly unknown[];
}

/** Redis before 7.0 only tells how long a key has yet: whole seconds, which fits expiries of whole seconds. */
const READ_EXPIRY = "return redis.call('PEXPIRETIME', key)";
const READ_EXPIRY_BEFORE_7 = `
  local left = redis.call('PTTL', key)
  local now = redis.call('TIME')
  return left < 0 and left or math.floor(now[1] + (left + now[2] / 1000) / 1000 + 0.5) * 1000`;
const READ_FIELD_EXPIRIES = `
  if redis.call('TYPE', key).ok ~= 'hash' then return '' end
  local fields = redis.call('HKEYS', key)
  table.sort(fields)
  local found = ''
  for _, field in ipairs(fields) do
    local expiry = redis.call('HPEXPIRETIME', key, 'FIELDS', '1', field)[1]
    if expiry >= 0 then found = found .. ':' .. redis.sha1hex(field) .. string.format('%.0f', expiry) end
  end
  return found`;

const hashExpiries = (readExpiry: string, readFieldExpiries: string) => `
local function expiry(key) ${readExpiry} end
local function fields(key) ${readFieldExpiries} end
local lines = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  lines[#lines + 1] = redis.sha1hex(key) .. ':' .. string.format('%.0f', expiry(key)) .. fields(key)
end
table.sort(lines)
return redis.sha1hex(table.concat(lines, ','))`;

export async function readContent(server: RedisServer): Promise<RedisContent> {
  const known = (await server.command('COMMAND', 'INFO', 'PEXPIRETIME', 'HPEXPIRETIME', 'FUNCTION')) as unknown[];
  const [hasExpiryTime, hasFieldExpiries, hasFunctions] = known.map((command) => command !== null);
  const script = hashExpiries(hasExpiryTime ? READ_EXPIRY : READ_EXPIRY_BEFORE_7, hasFieldExpiries ? READ_FIELD_EXPIRIES : "return ''");
  const databases: RedisContent['databases'] = {};
  const keyspace = String(await server.command('INFO', 'keyspace'));
  for (const [, database = ''] of keyspace.matchAll(/^db(\d+):/gm)) {
    await server.command('SELECT', database);
    databases[database] = {
      keys: Number(await server.command('DBSIZE')),
      expiries: String(await server.command('EVAL', script, '0')),
    };
  }
  await server.command('SELECT', '0');
  return {
    digest: String(await server.command('DEBUG', 'DIGEST')),
    databases,
    functions: hasFunctions ? sortByText((await server.command('FUNCTION', 'LIST', 'WITHCODE')) as unknown[]) : [],
  };
}

/** Servers list their libraries in no particular order. */
function sortByText(replies: unknown[]): unknown[] {
  return replies.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
