import { type AdminClient, askIfAllowed, toPairs } from './admin-client.ts';
import { parseInfoText } from './info-text.ts';
import { parseServer } from './source-info.ts';

/** What a restore must know of its target. Where the user may not ask, a field is undefined. */
export interface TargetState {
  readonly serverKind: 'redis' | 'valkey' | 'unknown';
  readonly serverVersion: string;
  /** Changes with each start of the server. */
  readonly runId: string;
  readonly role: 'master' | 'replica' | 'unknown';
  /** Of a replica; empty for a master. */
  readonly masterHost: string;
  readonly masterPort: number;
  /** Of the history that the data belongs to, and of the one before it. */
  readonly replicationIds: readonly string[];
  readonly isLoading: boolean;
  readonly clusterEnabled: boolean;
  readonly replicas: number;
  readonly usedMemoryBytes: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
  readonly machineMemoryBytes: number;
  readonly evictsKeys: boolean;
  readonly aofEnabled: boolean;
  readonly aofRewriteRunning: boolean;
  readonly aofRewriteOk: boolean;
  /** By database: keys, and keys with an expiry. */
  readonly databases: Readonly<Record<string, { keys: number; withExpiry: number }>>;
  readonly totalKeys: number;
}

/** One INFO. Throws as the client does; a user without +info is a `source-permission-denied`. */
export async function readTargetState(client: AdminClient): Promise<TargetState> {
  const info = parseInfoText(String(await client.command('INFO')));
  const number = (name: string) => Number(info.get(name) ?? 0) || 0;
  const databases: Record<string, { keys: number; withExpiry: number }> = {};
  for (const [name, value] of info) {
    const database = /^db([0-9]+)$/.exec(name)?.[1];
    const counts = /^keys=([0-9]+),expires=([0-9]+)/.exec(value);
    if (database !== undefined && counts !== null) {
      databases[database] = { keys: Number(counts[1]), withExpiry: Number(counts[2]) };
    }
  }
  const role = info.get('role');
  return {
    ...parseServer(info),
    runId: info.get('run_id') ?? '',
    role: role === 'master' ? 'master' : role === 'slave' ? 'replica' : 'unknown',
    masterHost: info.get('master_host') ?? '',
    masterPort: number('master_port'),
    replicationIds: [info.get('master_replid') ?? '', info.get('master_replid2') ?? ''],
    isLoading: info.get('loading') === '1' || info.get('async_loading') === '1',
    clusterEnabled: info.get('cluster_enabled') === '1',
    replicas: number('connected_slaves'),
    usedMemoryBytes: number('used_memory'),
    maxMemoryBytes: number('maxmemory'),
    machineMemoryBytes: number('total_system_memory'),
    evictsKeys: (info.get('maxmemory_policy') ?? 'noeviction') !== 'noeviction',
    aofEnabled: info.get('aof_enabled') === '1',
    aofRewriteRunning: info.get('aof_rewrite_in_progress') === '1' || info.get('aof_rewrite_scheduled') === '1',
    aofRewriteOk: (info.get('aof_last_bgrewrite_status') ?? 'ok') === 'ok',
    databases,
    totalKeys: Object.values(databases).reduce((sum, { keys }) => sum + keys, 0),
  };
}

/** A setting of the target, or undefined where the user may not read it or the server has none of that name. */
export async function readSetting(client: AdminClient, name: string): Promise<string | undefined> {
  return toPairs(await askIfAllowed(client, 'CONFIG', 'GET', name))[0]?.[1];
}

/** Sentinels that watch the server (see `readSourceInfo`); undefined where the user may not ask. */
export async function countSentinels(client: AdminClient): Promise<number | undefined> {
  const reply = await askIfAllowed(client, 'PUBSUB', 'NUMSUB', '__sentinel__:hello');
  return reply === undefined ? undefined : Number(toPairs(reply)[0]?.[1] ?? 0);
}

/** Names of loaded modules; undefined where the user may not ask. */
export async function readModules(client: AdminClient): Promise<readonly string[] | undefined> {
  const reply = await askIfAllowed(client, 'MODULE', 'LIST');
  return Array.isArray(reply) ? reply.map((fields) => new Map(toPairs(fields)).get('name') ?? '') : undefined;
}

/** Libraries of functions; undefined where the server has none, or the user may not ask. */
export async function countFunctions(client: AdminClient): Promise<number | undefined> {
  const reply = await askIfAllowed(client, 'FUNCTION', 'LIST');
  return Array.isArray(reply) ? reply.length : undefined;
}
