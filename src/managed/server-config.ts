export const CONFIG_NAME = 'redis.conf';
/** Every managed server listens on loopback only. */
export const MANAGED_HOST = '127.0.0.1';

export interface ServerConfig {
  readonly directory: string;
  readonly addresses: readonly string[];
  readonly port: number;
  readonly password: string;
  /** Absent: no limit. */
  readonly maxMemoryBytes?: number;
  readonly logFile: string;
  /** Lines as in redis.conf, put last so that they win. */
  readonly extraLines?: readonly string[];
}

/**
 * The text of redis.conf. Only directives that Redis 6.0 and every later Redis and Valkey know, since an unknown one ends the server.
 * The append-only file holds the data, so RDB snapshots on a schedule would only be work; the server is ours alone, so a replica need not
 * wait for others that might join it (`repl-diskless-sync-delay 0`).
 */
export function formatServerConfig(config: ServerConfig): string {
  const lines = [
    `bind ${config.addresses.join(' ')}`,
    `port ${config.port}`,
    'protected-mode yes',
    `requirepass ${quote(config.password)}`,
    `masterauth ${quote(config.password)}`,
    'daemonize no',
    `dir ${quote(config.directory)}`,
    `logfile ${quote(config.logFile)}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    ...(config.maxMemoryBytes === undefined ? [] : [`maxmemory ${config.maxMemoryBytes}`]),
    ...(config.extraLines ?? []),
  ];
  return `${lines.join('\n')}\n`;
}

/** A double-quoted argument as `sdssplitargs` of Redis reads it: every byte that is not plain ASCII as \xHH. */
function quote(text: string): string {
  let quoted = '"';
  for (const byte of Buffer.from(text, 'utf8')) {
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
    quoted += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `${quoted}"`;
}

/** How the server of a text that `formatServerConfig` made is reached; undefined for any other text. */
export function parseServerAccess(text: string): { port: number; password: string } | undefined {
  const port = /^port ([0-9]{1,5})$/m.exec(text)?.[1];
  const quoted = /^requirepass "((?:\\x[0-9a-f]{2}|[^"\\])*)"$/m.exec(text)?.[1];
  return port === undefined || quoted === undefined ? undefined : { port: Number(port), password: unquote(quoted) };
}

function unquote(quoted: string): string {
  const latin = quoted.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin, 'latin1').toString('utf8');
}
