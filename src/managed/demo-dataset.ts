import { access, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../lib/errno.ts';
import { DomainError } from '../lib/errors.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';
import { type Command, KEY_FAMILIES } from './demo-keys.ts';
import { configValue, lookAtServer } from './look-at-server.ts';
import { createSeededRandom } from './seeded-random.ts';
import { type SendCommand, type ServerConnection, withServerConnection } from './server-connection.ts';

export interface DemoSummary {
  /** Keys by database number. */
  readonly keys: Readonly<Record<string, number>>;
  readonly withExpiry: number;
  /** Function libraries: 0 where the server is older than 7.0 and has none. */
  readonly functions: number;
}

const SEED = 20_261_124;
const LOAD_TIMEOUT_MS = 120_000;
const LOOK_TIMEOUT_MS = 5_000;
const BATCH = 400;
const EXPIRE_EVERY = 10;
const [SHORTEST_TTL_S, LONGEST_TTL_S] = [6 * 3_600, 365 * 86_400];
/** Written when everything is loaded and on disk, so that a crash in between means: load again. */
const MARKER_NAME = 'seeded';

const FUNCTION_LIBRARY = `#!lua name=redkeep_demo
redis.register_function('redkeep_demo_add', function(keys, args)
  return redis.call('INCRBY', keys[1], args[1])
end)
`;

/**
 * Makes sure that the managed server in `directory` holds the demo dataset. Loads it once: what users do to it afterwards stays. Without the
 * marker the server is emptied first, so it must be the one of that directory, else `demo-wrong-server`. True where it was loaded now.
 */
export async function ensureDemoDataset(directory: string, connection: ServerConnection): Promise<boolean> {
  const marker = join(directory, MARKER_NAME);
  if (await exists(marker)) {
    return false;
  }
  const look = await lookAtServer(connection, LOOK_TIMEOUT_MS);
  if (look.directory !== (await realpath(directory))) {
    throw new DomainError(
      'demo-wrong-server',
      `the server at ${connection.host}:${connection.port} works in ${look.directory}, not in ${directory}`,
    );
  }
  const summary = await loadDemoDataset(connection);
  await writeFileDurably(marker, `${JSON.stringify(summary)}\n`);
  return true;
}

/**
 * Empties the server and loads the demo dataset: the same commands in the same order each time (only what the server's own clock adds, such
 * as the instant of an expiry, differs). On disk when it resolves, where the server keeps an append-only file. Throws `demo-load-failed`
 * where the server holds something else afterwards.
 */
export async function loadDemoDataset(connection: ServerConnection): Promise<DemoSummary> {
  const { version } = await lookAtServer(connection, LOOK_TIMEOUT_MS);
  const hasFunctions = Number.parseInt(version, 10) >= 7;
  return withServerConnection(connection, LOAD_TIMEOUT_MS, async (send) => {
    const expected = await withEveryWriteOnDisk(send, async () => {
      await sendAll(send, [
        ['FLUSHALL'],
        ...(hasFunctions
          ? [
              ['FUNCTION', 'FLUSH'],
              ['FUNCTION', 'LOAD', FUNCTION_LIBRARY],
            ]
          : []),
      ]);
      return writeKeys(send);
    });
    for (const [database, keys] of Object.entries(expected.keys)) {
      await send(['SELECT', database]);
      const found = Number(await send(['DBSIZE']));
      if (found !== keys) {
        throw new DomainError('demo-load-failed', `database ${database} holds ${found} keys after loading, not ${keys}`);
      }
    }
    return { ...expected, functions: hasFunctions ? 1 : 0 };
  });
}

async function writeKeys(send: SendCommand): Promise<{ keys: Record<string, number>; withExpiry: number }> {
  const random = createSeededRandom(SEED);
  const keys: Record<string, number> = {};
  let written = 0;
  let withExpiry = 0;
  let batch: Command[] = [];
  for (const family of KEY_FAMILIES) {
    batch.push(['SELECT', String(family.database)]);
    for (let index = 0; index < family.count; index++) {
      const key = family.name(index, random);
      batch.push(...family.write(key, index, random));
      if (++written % EXPIRE_EVERY === 0) {
        batch.push(['EXPIRE', key, String(SHORTEST_TTL_S + random.below(LONGEST_TTL_S - SHORTEST_TTL_S))]);
        withExpiry += 1;
      }
      if (batch.length >= BATCH) {
        await sendAll(send, batch);
        batch = [];
      }
    }
    keys[family.database] = (keys[family.database] ?? 0) + family.count;
  }
  await sendAll(send, batch);
  return { keys, withExpiry };
}

/** A write is answered only when it is on disk: the marker may follow at once. */
async function withEveryWriteOnDisk<T>(send: SendCommand, work: () => Promise<T>): Promise<T> {
  const policy = configValue(await send(['CONFIG', 'GET', 'appendfsync']));
  await send(['CONFIG', 'SET', 'appendfsync', 'always']);
  try {
    return await work();
  } finally {
    await send(['CONFIG', 'SET', 'appendfsync', policy]);
  }
}

async function sendAll(send: SendCommand, commands: readonly Command[]): Promise<void> {
  await Promise.all(commands.map((command) => send(command)));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      return false;
    }
    throw error;
  }
}
