import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runBackup } from '../../src/engine/run-backup.ts';
import type { StoredShard } from '../../src/repository/types.ts';
import { makeBackupSite } from '../harness/backup-site.ts';
import { countEveryType, fillWithEveryType, readKeyspace, type ServerAbilities } from '../harness/every-type.ts';
import { addressOf, tryBackup } from '../harness/failing-backup.ts';
import { type RedisContent, readContent } from '../harness/redis-content.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from '../harness/redis-server.ts';
import type { ServerProgram } from '../harness/server-versions.ts';
import { eventually } from '../harness/temp-supervisor.ts';

/** What a backup of a server of one version came to; all of it was checked. */
export interface VersionBackup {
  readonly abilities: ServerAbilities;
  readonly content: RedisContent;
  readonly shard: StoredShard;
  /** The first nine bytes of the RDB. */
  readonly magic: string;
  /** Path of the RDB, as it came out of the repository. */
  readonly file: string;
}

/** Starts a server of that version that answers DEBUG DIGEST. */
export function startVersion(server: ServerProgram, options: Partial<RedisServerOptions> = {}): Promise<RedisServer> {
  // Redis 7.0 locked the command away; before, it was open and the setting unknown.
  const config = server.version.startsWith('6.') ? [] : ['enable-debug-command local'];
  return startRedis({ server, ...options, config: [...config, ...(options.config ?? [])] });
}

/** Backs up a server with everything that its version can hold, and compares what was counted with what the server says. */
export async function backUpVersion(server: ServerProgram, directory: string): Promise<VersionBackup> {
  await using source = await startVersion(server);
  await using site = await makeBackupSite();
  const abilities = await fillWithEveryType(source);
  const manifest = await runBackup(site.request(source), { signal: new AbortController().signal, onProgress: () => {} });
  const [shard] = manifest.shards;
  assert.ok(shard !== undefined);
  assert.equal(shard.serverVersion, server.version);
  assert.deepEqual(shard.keys.byDatabase, await readKeyspace(source));
  assert.deepEqual(shard.keys.byType, countEveryType(abilities));
  assert.equal(shard.keys.functions, abilities.functions ? 2 : 0);
  assert.equal(shard.keys.complete, true);
  assert.deepEqual(manifest.report, []);
  const frames: Buffer[] = [];
  for await (const frame of (await site.repository.openAttempt(manifest)).frames(0)) {
    frames.push(frame);
  }
  const rdb = Buffer.concat(frames);
  const file = join(directory, `${shard.serverKind}-${shard.serverVersion}.rdb`);
  await writeFile(file, rdb);
  return { abilities, content: await readContent(source), shard, magic: rdb.subarray(0, 9).toString(), file };
}

/** Backs up a server with everything that its version can hold as a user who may do no more than that takes; answers the report. */
export async function backUpAsLeastUser(server: ServerProgram): Promise<readonly string[]> {
  await using source = await startVersion(server, { aclUsers: ['backup on >secret +psync +replconf +ping'] });
  const abilities = await fillWithEveryType(source);
  const { manifest, text } = await tryBackup(addressOf(source, { user: 'backup', password: 'secret' }));
  assert.deepEqual(manifest?.shards[0]?.keys.byType, countEveryType(abilities), text);
  return manifest?.report ?? [];
}

/**
 * Backs up a server that sends its RDB from a file, uncompressed, and a replica of it that streams it, over two channels where the version
 * has them for its own replicas; the replica also where its master is asked and it is preferred. Neither may keep us as a replica.
 */
export async function backUpOtherForms(server: ServerProgram, kind: 'redis' | 'valkey'): Promise<void> {
  await using source = await startVersion(server, { config: ['repl-diskless-sync no', 'rdbcompression no'] });
  const abilities = await fillWithEveryType(source);
  const fromFile = await tryBackup(addressOf(source));
  await using replica = await startVersion(server, {
    config: [`replicaof ${source.host} ${source.port}`, ...(kind === 'valkey' ? ['dual-channel-replication-enabled yes'] : [])],
  });
  await eventually('the link of the replica', async () => /^master_link_status:up\r$/m.test(await readReplication(replica)));
  const fromReplica = await tryBackup(addressOf(replica));
  await eventually('its master lists it as online', async () => /^slave0:.*state=online/m.test(await readReplication(source)));
  const preferred = await tryBackup(addressOf(source), { request: { preferReplica: true } });
  assert.match(preferred.manifest?.report.join() ?? preferred.text, new RegExp(`^read from the replica 127\\.0\\.0\\.1:${replica.port}`));
  for (const { manifest, text } of [fromFile, fromReplica]) {
    assert.deepEqual(manifest?.shards[0]?.keys.byType, countEveryType(abilities), text);
    assert.deepEqual(manifest?.report, []);
  }
  for (const [each, replicas] of [
    [source, 1],
    [replica, 0],
  ] as const) {
    await eventually('no replica but its own', async () => (await readReplication(each)).includes(`connected_slaves:${replicas}\r\n`));
  }
}

async function readReplication(server: RedisServer): Promise<string> {
  return String(await server.command('INFO', 'replication'));
}

/** Starts a server of that version on the file. Answers what it then holds, or undefined where it refused the RDB's version. */
export async function loadIntoVersion(server: ServerProgram, file: string): Promise<RedisContent | undefined> {
  let target: RedisServer;
  try {
    target = await startVersion(server, { dump: file });
  } catch (error) {
    assert.match(String(error), /Can't handle RDB format version|Wrong signature trying to load DB/);
    return undefined;
  }
  try {
    return await readContent(target);
  } finally {
    await target.stop();
  }
}
