import { isIP, isIPv4 } from 'node:net';
import { pathToFileURL } from 'node:url';
import { DEFAULT_ROOTS } from '../api/regions.ts';
import { type DataDir, type Environment, resolveDataDir } from '../lib/data-dir.ts';
import { DomainError } from '../lib/errors.ts';
import { parseIpRanges } from '../lib/ip-range.ts';
import type { LogLevel } from '../lib/logger.ts';
import type { ProofPolicy } from '../tasks/handlers/prove-backup.ts';
import { parseBytes, parseDuration } from './quantities.ts';

/** Everything that a serving process is told from outside: read once, frozen, handed down. */
export interface Config {
  readonly dataDir: DataDir;
  readonly host: string;
  /** 0 lets the system pick one. */
  readonly port: number;
  readonly catalogUrl: string;
  readonly storageUrl: string;
  readonly profile: 'seed' | 'current';
  readonly logLevel: LogLevel;
  /** Backups that may run at once. */
  readonly backupConcurrency: number;
  /** How many of the newest backups of each instance stay, however old they grow. */
  readonly keepMin: number;
  /** Zone in which the windows of schedules are meant: an IANA name, or an offset such as +08:00. */
  readonly timeZone: string;
  /** Where events are sent; undefined: nowhere. */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
  /** Which backups are proven by themselves. */
  readonly proof: ProofPolicy;
  /** Address space of a throw-away server; undefined: a share of what is available when it starts. */
  readonly proofMemoryBytes: number | undefined;
  /** Proofs that may run at once. */
  readonly proofConcurrency: number;
  /** After this time the stored bytes of a backup are read again; 0: never. */
  readonly scrubIntervalMs: number;
  /** Stored bytes that are read again in a second. */
  readonly scrubRate: number;
  /** Opt-in: set a source's diskless delay to 0 while its backup starts, and back afterwards. */
  readonly skipDisklessDelay: boolean;
  /** What becomes of a source whose machine has hardly any memory left for a fork. */
  readonly memoryCheck: 'refuse' | 'warn';
  /** How a server that a backup is restored to reaches this process, which is its master meanwhile. */
  readonly replication: {
    /** Address to listen on while a restore runs. */
    readonly listen: string;
    /** Host that the server is told; `` : that of `listen`. */
    readonly advertise: string;
    /** Whether data may go over a network in plain text; on loopback they always may. */
    readonly plainText: boolean;
    /** PEM files for servers that replicate over TLS; certificate and key go together, `` : none. */
    readonly certFile: string;
    readonly keyFile: string;
    readonly caFile: string;
  };
  /** Root domains whose hosts name a region. */
  readonly apiRoots: readonly string[];
  readonly rateLimit: 'on' | 'off';
  /** Whether callers whose signature fails are told what differs; only on loopback. */
  readonly explainSignatures: boolean;
  /** Addresses and blocks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** CIDR blocks of the VPCs that download restrictions can name. */
  readonly vpcs: ReadonlyMap<string, readonly string[]>;
  /** Where download links lead, without a slash at the end; undefined: where the caller has reached the service. */
  readonly publicUrl: string | undefined;
  /** The same for InnerDownloadUrl; undefined: as the public one. */
  readonly innerUrl: string | undefined;
  /** The master key as text; undefined: the keyring file in the data directory. */
  readonly masterKey: string | undefined;
  readonly rootCredential: { readonly secretId: string; readonly secretKey: string } | undefined;
}

/** What the command line gives; the environment fills what is absent. */
export interface ServeOptions {
  /** Of what is printed. */
  json?: boolean | undefined;
  dataDir?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  catalog?: string | undefined;
  storage?: string | undefined;
  role?: string | undefined;
  profile?: string | undefined;
  keepMin?: string | undefined;
  timeZone?: string | undefined;
  webhookUrl?: string | undefined;
  proof?: string | undefined;
  proofMemory?: string | undefined;
  scrubInterval?: string | undefined;
  scrubRate?: string | undefined;
  replicationListen?: string | undefined;
  replicationAdvertise?: string | undefined;
  replicationPlainText?: boolean | undefined;
  explainSignatures?: boolean | undefined;
  trustedProxies?: string | undefined;
  publicUrl?: string | undefined;
}

/** A server needs about half of it before it holds anything. */
const LEAST_PROOF_MEMORY = 64 * 1024 ** 2;
/** Slower than this one frame takes longer than a minute. */
const LEAST_SCRUB_RATE = 64 * 1024;

/** Throws `config-invalid` naming the option, its value and what it may be. */
export function readConfig(options: ServeOptions, env: Environment): Config {
  const dataDir = resolveDataDir(options.dataDir, env);
  const role = options.role ?? env['REDKEEP_ROLE'] ?? 'all';
  if (role !== 'all') {
    throw invalid(
      '--role',
      role,
      oneOf(['all', 'api', 'worker'], role) ? 'all, because one process serves an SQLite catalog' : 'all, api or worker',
    );
  }
  const secretId = env['REDKEEP_SECRET_ID'];
  const secretKey = env['REDKEEP_SECRET_KEY'];
  if ((secretId === undefined || secretId === '') !== (secretKey === undefined || secretKey === '')) {
    throw new DomainError('config-invalid', 'REDKEEP_SECRET_ID and REDKEEP_SECRET_KEY go together: set both or neither');
  }
  const host = options.host ?? env['REDKEEP_HOST'] ?? '127.0.0.1';
  return Object.freeze({
    dataDir,
    host,
    port: readInteger('--port', options.port ?? env['REDKEEP_PORT'] ?? '9530', 0, 65_535),
    catalogUrl: options.catalog ?? env['REDKEEP_CATALOG'] ?? pathToFileURL(dataDir.catalog).href.replace(/^file:/, 'sqlite:'),
    storageUrl: options.storage ?? env['REDKEEP_STORAGE'] ?? pathToFileURL(dataDir.repository).href,
    profile: readWord('--profile', options.profile ?? env['REDKEEP_PROFILE'] ?? 'seed', ['seed', 'current'] as const),
    logLevel: readWord('REDKEEP_LOG_LEVEL', env['REDKEEP_LOG_LEVEL'] ?? 'info', ['debug', 'info', 'warn', 'error', 'silent'] as const),
    backupConcurrency: readInteger('REDKEEP_BACKUP_CONCURRENCY', env['REDKEEP_BACKUP_CONCURRENCY'] ?? '2', 1, 64),
    keepMin: readInteger('--keep-min', options.keepMin ?? env['REDKEEP_KEEP_MIN'] ?? '1', 1, 1000),
    timeZone: readTimeZone(options.timeZone ?? (env['REDKEEP_TIME_ZONE'] || '+08:00')),
    webhook: readWebhook(options, env),
    proof: readWord('--proof', options.proof ?? env['REDKEEP_PROOF'] ?? 'all', ['all', 'newest', 'none'] as const),
    proofMemoryBytes: readProofMemory(options.proofMemory ?? env['REDKEEP_PROOF_MEMORY'] ?? ''),
    proofConcurrency: readInteger('REDKEEP_PROOF_CONCURRENCY', env['REDKEEP_PROOF_CONCURRENCY'] ?? '1', 1, 16),
    scrubIntervalMs: readScrubInterval(options.scrubInterval ?? env['REDKEEP_SCRUB_INTERVAL'] ?? '7d'),
    scrubRate: readScrubRate(options.scrubRate ?? env['REDKEEP_SCRUB_RATE'] ?? '20m'),
    skipDisklessDelay:
      readWord('REDKEEP_SKIP_DISKLESS_DELAY', env['REDKEEP_SKIP_DISKLESS_DELAY'] ?? 'off', ['on', 'off'] as const) === 'on',
    memoryCheck: readWord('REDKEEP_MEMORY_CHECK', env['REDKEEP_MEMORY_CHECK'] ?? 'refuse', ['refuse', 'warn'] as const),
    replication: readReplication(options, env),
    apiRoots: readRoots(env['REDKEEP_API_ROOTS']),
    rateLimit: readWord('REDKEEP_RATE_LIMIT', env['REDKEEP_RATE_LIMIT'] ?? 'on', ['on', 'off'] as const),
    explainSignatures: readExplainSignatures(options, env, host),
    trustedProxies: readBlocks('--trusted-proxies', options.trustedProxies ?? env['REDKEEP_TRUSTED_PROXIES'] ?? ''),
    vpcs: readVpcs(env['REDKEEP_VPCS'] ?? ''),
    publicUrl: readOrigin('--public-url', options.publicUrl ?? env['REDKEEP_PUBLIC_URL']),
    innerUrl: readOrigin('REDKEEP_INNER_URL', env['REDKEEP_INNER_URL']),
    masterKey: env['REDKEEP_MASTER_KEY'] || undefined,
    rootCredential: secretId && secretKey ? { secretId, secretKey } : undefined,
  });
}

function readReplication(options: ServeOptions, env: Environment): Config['replication'] {
  const listen = options.replicationListen ?? (env['REDKEEP_REPLICATION_LISTEN'] || '127.0.0.1');
  if (isIP(listen) === 0 && listen !== 'localhost') {
    throw invalid('--replication-listen', listen, 'an IPv4 or IPv6 address of this machine');
  }
  const plainText = readWord('REDKEEP_REPLICATION_PLAIN_TEXT', env['REDKEEP_REPLICATION_PLAIN_TEXT'] || 'off', ['on', 'off'] as const);
  const certFile = env['REDKEEP_REPLICATION_CERT_FILE'] ?? '';
  const keyFile = env['REDKEEP_REPLICATION_KEY_FILE'] ?? '';
  if ((certFile === '') !== (keyFile === '')) {
    throw new DomainError(
      'config-invalid',
      'REDKEEP_REPLICATION_CERT_FILE and REDKEEP_REPLICATION_KEY_FILE go together: set both or neither',
    );
  }
  return {
    listen,
    advertise: options.replicationAdvertise ?? env['REDKEEP_REPLICATION_ADVERTISE'] ?? '',
    plainText: options.replicationPlainText || plainText === 'on',
    certFile,
    keyFile,
    caFile: env['REDKEEP_REPLICATION_CA_FILE'] ?? '',
  };
}

/** An explanation shows what the service signs, so that only callers on this machine may be given one. */
function readExplainSignatures(options: ServeOptions, env: Environment, host: string): boolean {
  const name = options.explainSignatures ? '--explain-signatures' : 'REDKEEP_EXPLAIN_SIGNATURES';
  const isOn = options.explainSignatures || readWord(name, env[name] || 'off', ['on', 'off'] as const) === 'on';
  if (isOn && !isLoopback(host)) {
    throw new DomainError('config-invalid', `${name} needs a host on loopback, and the host is ${JSON.stringify(host)}`, {
      hint: 'listen on 127.0.0.1, ::1 or localhost, or leave it out',
    });
  }
  return isOn;
}

function readTimeZone(text: string): string {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text).timeZoneId;
  } catch {
    throw invalid('--time-zone', text, 'the IANA name of a zone, such as Asia/Shanghai, or an offset, such as +08:00');
  }
}

/** The URL may hold a password, so that it is not repeated. Without a secret the receiver could not tell our events from anybody's. */
function readWebhook(options: ServeOptions, env: Environment): Config['webhook'] {
  const url = options.webhookUrl ?? env['REDKEEP_WEBHOOK_URL'] ?? '';
  if (url === '') {
    return undefined;
  }
  if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol)) {
    throw new DomainError('config-invalid', '--webhook-url is no http:// or https:// address');
  }
  const secret = env['REDKEEP_WEBHOOK_SECRET'] ?? '';
  if (secret === '') {
    throw new DomainError('config-invalid', '--webhook-url needs REDKEEP_WEBHOOK_SECRET, with which events are signed');
  }
  return { url, secret };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function readRoots(text: string | undefined): readonly string[] {
  const roots = text === undefined || text === '' ? DEFAULT_ROOTS : text.split(',').map((root) => root.trim().toLowerCase());
  for (const root of roots) {
    if (!/^[a-z0-9.-]+$/.test(root)) {
      throw invalid('REDKEEP_API_ROOTS', text ?? '', 'domain names separated by commas');
    }
  }
  return roots;
}

/** Addresses and blocks with commas between. */
function readBlocks(name: string, text: string): readonly string[] {
  const blocks = text === '' ? [] : text.split(',').map((block) => block.trim());
  if (parseIpRanges(blocks) === undefined) {
    throw invalid(name, text, 'IPv4 and IPv6 addresses and CIDR blocks separated by commas');
  }
  return blocks;
}

/** `name=block,block;name=block`. */
function readVpcs(text: string): ReadonlyMap<string, readonly string[]> {
  const entries = text.split(';').filter((entry) => entry.trim() !== '');
  return new Map(
    entries.map((entry) => {
      const [, name = '', blocks = ''] = /^\s*([A-Za-z0-9_-]{1,64})\s*=(.*)$/.exec(entry) ?? [];
      if (name === '' || blocks.trim() === '') {
        throw invalid('REDKEEP_VPCS', text, 'vpc-name=10.0.0.0/16,10.1.0.0/16;other-name=fd00::/8');
      }
      return [name, readBlocks('REDKEEP_VPCS', blocks.trim())] as const;
    }),
  );
}

function readOrigin(name: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') {
    return undefined;
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== text.replace(/\/$/, '').toLowerCase()) {
    throw invalid(name, text, 'http://host[:port] or https://host[:port], without a path');
  }
  return url.origin;
}

function readProofMemory(text: string): number | undefined {
  const bytes = parseBytes(text);
  if (text !== '' && (bytes === undefined || bytes < LEAST_PROOF_MEMORY)) {
    throw invalid('--proof-memory', text, 'bytes, such as 512m or 4g, and at least 64m');
  }
  return bytes;
}

function readScrubInterval(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) {
    throw invalid('--scrub-interval', text, 'a duration, such as 7d or 12h, or 0 for never');
  }
  return durationMs;
}

function readScrubRate(text: string): number {
  const rate = parseBytes(text);
  if (rate === undefined || rate < LEAST_SCRUB_RATE) {
    throw invalid('--scrub-rate', text, 'bytes a second, such as 20m, and at least 64k');
  }
  return rate;
}

function readInteger(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw invalid(name, text, `a whole number from ${least} to ${most}`);
  }
  return value;
}

function readWord<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  if (!oneOf(words, text)) {
    throw invalid(name, text, words.join(', '));
  }
  return text;
}

function oneOf<Word extends string>(words: readonly Word[], text: string): text is Word {
  return (words as readonly string[]).includes(text);
}

function invalid(name: string, value: string, allowed: string): DomainError {
  return new DomainError('config-invalid', `${name} is ${JSON.stringify(value)}, allowed is ${allowed}`);
}
