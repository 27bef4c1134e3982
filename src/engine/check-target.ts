import { isIP } from 'node:net';
import { DomainError } from '../lib/errors.ts';
import { canReadRdb } from '../redis/rdb/readable-versions.ts';
import { formatAddress, type SourceAddress } from '../redis/source-address.ts';
import { withTarget } from '../redis/target-client.ts';
import { countFunctions, countSentinels, readModules, readSetting, readTargetState, type TargetState } from '../redis/target-state.ts';
import type { StoredShard } from '../repository/types.ts';
import type { ReplicationEndpoint } from './send-as-master.ts';
import { requireMemory } from './target-memory.ts';

/** What a restore needs to know of the backup beside its manifest. */
export interface BackupNeeds {
  readonly shard: StoredShard;
  /** Memory that the source took; 0 where the backup does not tell. */
  readonly usedMemoryBytes: number;
  /** Modules of the source, by name. */
  readonly modules: readonly string[];
}

export interface CheckedTarget {
  readonly state: TargetState;
  /** Directives that a restore over replication changes, as they are now, to be put back; undefined where they may not be read. */
  readonly settings: Readonly<Record<string, string>> | undefined;
  /** True where it holds nothing, so that it can load what it gets at once instead of writing it to a file first. */
  readonly loadsAtOnce: boolean;
  readonly useTls: boolean;
  /** Whether the server knows functions and the user may use them. */
  readonly hasFunctions: boolean;
  /** Why it cannot be told to be our replica, half a sentence; undefined where it can. */
  readonly noReplication: string | undefined;
  /** Where it may hold less than the backup takes: it loads that as our replica, but takes no more keys one by one. */
  readonly memoryShort: string | undefined;
  readonly report: readonly string[];
}

export interface CheckOptions {
  readonly endpoint: ReplicationEndpoint;
  readonly allowPlainText: boolean;
  /** Keys are added to what it holds. */
  readonly merges: boolean;
  /** The backup is what it held just before: it fits, and what it holds now is worse than what a Sentinel may do. */
  readonly isRollback?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Looks at a target and changes nothing. Throws, with a hint that says what to do, where the backup must not be restored to it:
 * `target-is-cluster`, `target-is-replica`, `target-loading`, `target-watched-by-sentinel`, `target-version-unsupported`,
 * `target-lacks-module`, `target-has-too-few-databases`, `target-memory-short`, and the errors of `withTarget`.
 */
export async function checkTarget(target: SourceAddress, needs: BackupNeeds, options: CheckOptions): Promise<CheckedTarget> {
  return withTarget(target, options.signal, async (client) => {
    const state = await readTargetState(client);
    const report: string[] = [];
    const name = formatAddress(target);
    requireStandaloneMaster(state, name);
    requireVersion(state, needs.shard, name);
    const memoryShort = options.merges || options.isRollback ? undefined : requireMemory(state, needs, name);
    if (memoryShort !== undefined) {
      report.push(memoryShort);
    }

    const sentinels = await countSentinels(client);
    if (sentinels === undefined) {
      report.push('whether a Sentinel watches the target is not known: its user lacks +pubsub|numsub');
    } else if (sentinels > 0 && !options.merges && !options.isRollback) {
      throw new DomainError('target-watched-by-sentinel', `${sentinels} Sentinel connections watch ${name}`, {
        hint: 'a Sentinel would take the restore for a failover: remove the monitor with SENTINEL REMOVE, restore, and add it again',
      });
    }
    await requireModules(client, needs, name, report);
    const databases = Number((await readSetting(client, 'databases')) ?? Number.POSITIVE_INFINITY);
    const highest = Math.max(0, ...Object.keys(needs.shard.keys.byDatabase).map(Number));
    if (highest >= databases) {
      throw new DomainError('target-has-too-few-databases', `the backup uses database ${highest}, ${name} has ${databases} databases`, {
        hint: `start the target with \`databases ${highest + 1}\` or more`,
      });
    }
    const masterAuth = await readSetting(client, 'masterauth');
    const wantsTls = (await readSetting(client, 'tls-replication')) === 'yes';
    const noReplication =
      masterAuth === undefined
        ? 'its user may not read and set the configuration (+config|get +config|set)'
        : wantsTls && options.endpoint.tls === undefined
          ? 'it replicates over TLS only, and no certificate for replication is configured here'
          : !wantsTls && !isLoopback(target.host) && !options.allowPlainText
            ? 'it would fetch the data in plain text over the network, which is not allowed'
            : undefined;
    if (state.replicas > 0) {
      report.push(`${state.replicas} replicas of the target will copy its new data`);
    }
    const functions = await countFunctions(client);
    // Only the default is changed: any other choice of the operator holds. An empty target has nothing to lose by a transfer that is cut. One
    // that keeps RDB snapshots alone needs the file, which stays as its snapshot.
    const mayLoadAtOnce = state.totalKeys === 0 && functions === 0 && (state.aofEnabled || (await readSetting(client, 'save')) === '');
    const loadsAtOnce = mayLoadAtOnce && (await readSetting(client, 'repl-diskless-load')) === 'disabled';
    const settings =
      masterAuth === undefined ? undefined : { masterauth: masterAuth, ...(loadsAtOnce ? { 'repl-diskless-load': 'disabled' } : {}) };
    return { state, settings, loadsAtOnce, useTls: wantsTls, hasFunctions: functions !== undefined, noReplication, memoryShort, report };
  });
}

function requireStandaloneMaster(state: TargetState, name: string): void {
  if (state.isLoading) {
    throw new DomainError('target-loading', `${name} is still loading its data`, { retryable: true, hint: 'wait until it has finished' });
  }
  if (state.clusterEnabled) {
    throw new DomainError('target-is-cluster', `${name} runs in cluster mode, which is not supported yet`, {
      hint: 'restore to a server that is not part of a cluster',
    });
  }
  if (state.role === 'replica') {
    throw new DomainError('target-is-replica', `${name} is a replica of ${state.masterHost}:${state.masterPort}`, {
      hint: 'restore to its master, or make it a master with REPLICAOF NO ONE first',
    });
  }
}

function requireVersion(state: TargetState, shard: StoredShard, name: string): void {
  if (!readsRdb({ kind: state.serverKind, version: state.serverVersion }, shard)) {
    const writer = shard.serverVersion === '' ? '' : ` of ${shard.serverKind} ${shard.serverVersion}`;
    throw new DomainError(
      'target-version-unsupported',
      `${name} runs ${state.serverKind} ${state.serverVersion}, which does not load RDB version ${shard.rdbVersion}${writer}`,
      { hint: 'restore to a server of the same kind and of that version or a newer one' },
    );
  }
}

async function requireModules(
  client: Parameters<typeof readModules>[0],
  { shard, modules }: BackupNeeds,
  name: string,
  report: string[],
): Promise<void> {
  const moduleKeys = shard.keys.byType['module'] ?? 0;
  if (modules.length === 0 && moduleKeys === 0) {
    return;
  }
  const present = await readModules(client);
  if (present === undefined && moduleKeys === 0) {
    report.push('whether the target has the modules of the source is not known: its user lacks +module|list');
    return;
  }
  // A server without the module ends at the first of its keys.
  if (present === undefined) {
    throw new DomainError('target-lacks-module', `the backup holds ${moduleKeys} keys of modules, and ${name} does not tell what it has`, {
      hint: 'allow it on the target: ACL SETUSER … +module|list; a server that lacks a module would end at the first of its keys',
    });
  }
  const lacking = modules.filter((module) => !present.includes(module));
  const isLacking = lacking.length > 0 ? moduleKeys > 0 || !shard.keys.complete : moduleKeys > 0 && present.length === 0;
  if (isLacking) {
    const which = lacking.length > 0 ? lacking.join(', ') : 'which, the backup does not tell';
    throw new DomainError('target-lacks-module', `the backup holds keys of modules that ${name} has not loaded: ${which}`, {
      hint: 'load the modules in the target first',
    });
  }
  if (modules.length === 0) {
    report.push(`the backup holds keys of modules and does not tell of which; the target has ${present.join(', ')}`);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Whether a server surely reads the RDB of a shard: one that does not empties itself before it finds out. */
export function readsRdb(
  server: { readonly kind: 'redis' | 'valkey' | 'unknown'; readonly version: string },
  { rdbVersion, serverKind, serverVersion }: StoredShard,
): boolean {
  if (server.kind === 'unknown') {
    return false;
  }
  const writer = serverKind === 'unknown' || serverVersion === '' ? {} : { writer: { kind: serverKind, version: serverVersion } };
  return canReadRdb({ kind: server.kind, version: server.version }, { rdbVersion, ...writer }) === true;
}
