import { type AdminClientOptions, askIfAllowed, connectAdminClient } from './admin-client.ts';
import { parseInfoText } from './info-text.ts';
import type { SourceAddress } from './source-address.ts';

/** A replica as its master lists it. */
export interface ListedReplica {
  /** Where it says that it is reached, or where its connection comes from; behind an address translation neither may be true. */
  readonly host: string;
  readonly port: number;
  /** It has all data and follows. */
  readonly isOnline: boolean;
  /** Since it last acknowledged something. */
  readonly lagSeconds: number;
  readonly offset: number;
}

/** Where a server stands in replication. */
export interface ReplicationInfo {
  readonly role: 'master' | 'replica' | 'unknown';
  /** Of the history that its data belong to; a replica has that of its master. */
  readonly replicationId: string;
  readonly offset: number;
  readonly replicas: readonly ListedReplica[];
  /** Of a replica: it hears its master, and has all data of it. */
  readonly isLinkUp: boolean;
  /** Of a replica: since it last heard its master; -1 while the link is down. */
  readonly silentSeconds: number;
  /** Of a replica: clients may write to it, so that it may hold what its master does not. */
  readonly isWritable: boolean;
}

/** One INFO; undefined where the user may not ask. Throws as `connectAdminClient` does. */
export async function readReplicationInfo(address: SourceAddress, options: AdminClientOptions = {}): Promise<ReplicationInfo | undefined> {
  await using client = await connectAdminClient(address, options);
  const text = await askIfAllowed(client, 'INFO', 'replication');
  return typeof text === 'string' ? parseReplicationInfo(text) : undefined;
}

/** The section `replication` of INFO (redis.io INFO command). */
export function parseReplicationInfo(text: string): ReplicationInfo {
  const info = parseInfoText(text);
  const role = info.get('role');
  return {
    role: role === 'master' ? 'master' : role === 'slave' ? 'replica' : 'unknown',
    replicationId: info.get('master_replid') ?? '',
    offset: toNumber(info.get('master_repl_offset')) ?? 0,
    replicas: [...info].flatMap(([name, value]) => (/^slave[0-9]+$/.test(name) ? parseReplica(value) : [])),
    isLinkUp: info.get('master_link_status') === 'up' && info.get('master_sync_in_progress') === '0',
    silentSeconds: toNumber(info.get('master_last_io_seconds_ago')) ?? -1,
    isWritable: info.get('slave_read_only') !== '1',
  };
}

/** `ip=10.0.0.5,port=6379,state=online,offset=14,lag=1`; one that announces no port, as a backup does, is nobody to connect to. */
function parseReplica(line: string): ListedReplica[] {
  const fields = new Map(line.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const host = fields.get('ip') ?? '';
  const port = toNumber(fields.get('port')) ?? 0;
  const [offset, lagSeconds] = [toNumber(fields.get('offset')), toNumber(fields.get('lag'))];
  return host === '' || port < 1 || port > 65_535 || offset === undefined || lagSeconds === undefined
    ? []
    : [{ host, port, isOnline: fields.get('state') === 'online', lagSeconds, offset }];
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
