import { chmod, mkdir, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';
import { explainExit } from './explain-exit.ts';
import type { ServerBinary } from './find-server.ts';
import { isPortFree, loopbackAddresses, pickFreePort } from './free-port.ts';
import { lookAtServer, type ServerLook } from './look-at-server.ts';
import { readProcessRecord, removeProcessRecord, writeProcessRecord } from './process-record.ts';
import { CONFIG_NAME, formatServerConfig, MANAGED_HOST } from './server-config.ts';
import { withServerConnection } from './server-connection.ts';
import { logSize, readLogTail, rotateServerLog } from './server-log.ts';
import { endServer, type ServerProcess, spawnServer } from './server-process.ts';
import { takeOverServer } from './take-over-server.ts';

const LOG_NAME = 'server.log';
/** A server opens its port in milliseconds; a busy laptop may need some seconds. */
const LISTEN_TIMEOUT_MS = 20_000;
const LOOK_TIMEOUT_MS = 5_000;
const POLL_MS = 25;
const PORT_TRIES = 5;

export interface ManagedServerOptions {
  /** The instance's own directory; made where it is missing. */
  readonly directory: string;
  readonly findBinary: () => Promise<ServerBinary>;
  /** Wanted; another one is picked where it is 0 or somebody else has it. Absent: the last one, else a free one. */
  readonly port?: number;
  readonly password: string;
  readonly maxMemoryBytes?: number;
  readonly extraConfig?: readonly string[];
  /** How long it may load its data. */
  readonly loadTimeoutMs: number;
  readonly stopTimeoutMs: number;
}

/** What may be changed while the server runs. */
export interface ServerSettings {
  readonly password: string;
  /** Absent: no limit. */
  readonly maxMemoryBytes?: number;
}

/** A server that answered with our password and has its data loaded. */
export interface ManagedServer {
  readonly port: number;
  readonly pid: number;
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
  /** True where it ran already, left over by a service that was killed. */
  readonly wasAdopted: boolean;
  readonly exited: Promise<void>;
  /**
   * Gives the running server another password and limit, the password last; connections that are signed in stay so. May be called again
   * after it threw, with the same settings, wherever it was interrupted. Throws `server-unreachable` and `server-refused-password`.
   */
  reconfigure(settings: ServerSettings): Promise<void>;
  logTail(): Promise<string[]>;
  /** Ends it, its data on disk, and forgets its process; nothing else is removed. */
  end(): Promise<void>;
}

/**
 * Starts the server of one directory, or adopts the one that runs there. Never two on one directory: whatever runs there is adopted, or
 * ended and gone, before another is spawned. Throws `managed-data-damaged`, `managed-config-rejected`, `managed-server-failed` (with the
 * last log lines), `managed-start-timeout`, `managed-directory-busy`, `managed-server-unverifiable`; on `signal` it leaves no new process.
 */
export async function startManagedServer(options: ManagedServerOptions, signal: AbortSignal): Promise<ManagedServer> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  await chmod(options.directory, 0o700);
  // The server reports its directory with links resolved.
  const directory = await realpath(options.directory);
  // Its password changes with that of the server, so that whoever holds it has the present one.
  const current = { ...options, directory };
  const adopted = await takeOverServer(current);
  if (adopted !== undefined) {
    const { server, port } = adopted;
    const look = await readyOrEnd(server, port, current, 0, signal);
    await applyMaxMemory(options, port, look);
    return toManagedServer(server, port, look, current, true);
  }
  let port = options.port ?? (await readProcessRecord(directory))?.port;
  for (let tries = 1; ; tries++) {
    if (port === undefined || port === 0 || !(await isPortFree(port))) {
      port = await pickFreePort();
    }
    try {
      return await startAnew(current, port, signal);
    } catch (error) {
      // Somebody took the port between the look and the server's bind.
      if (tries === PORT_TRIES || !isDomainError(error, 'managed-port-in-use')) {
        throw error;
      }
      port = undefined;
    }
  }
}

async function startAnew(options: CurrentOptions, port: number, signal: AbortSignal): Promise<ManagedServer> {
  signal.throwIfAborted();
  const { directory } = options;
  const logFile = join(directory, LOG_NAME);
  await rotateServerLog(logFile);
  const logStart = await logSize(logFile);
  await writeConfig(options, options, port);
  const server = await spawnServer((await options.findBinary()).path, join(directory, CONFIG_NAME), directory, logFile);
  try {
    await writeProcessRecord(directory, { ...server.identity, port });
  } catch (error) {
    await endServer(server, options.stopTimeoutMs);
    throw error;
  }
  const look = await readyOrEnd(server, port, options, logStart, signal);
  return toManagedServer(server, port, look, options, false);
}

type CurrentOptions = { -readonly [Key in keyof ManagedServerOptions]: ManagedServerOptions[Key] };

async function writeConfig({ directory, extraConfig }: ManagedServerOptions, settings: ServerSettings, port: number): Promise<void> {
  const { password, maxMemoryBytes } = settings;
  const config = formatServerConfig({
    directory,
    addresses: loopbackAddresses(),
    port,
    password,
    logFile: join(directory, LOG_NAME),
    ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
    ...(extraConfig === undefined ? {} : { extraLines: extraConfig }),
  });
  await writeFileDurably(join(directory, CONFIG_NAME), config, 0o600);
}

/** Waits until the server has loaded its data; a server that does not get there is ended. */
async function readyOrEnd(server: ServerProcess, port: number, options: ManagedServerOptions, logStart: number, signal: AbortSignal) {
  try {
    return await waitUntilReady(server, port, options, logStart, signal);
  } catch (error) {
    await endServer(server, options.stopTimeoutMs);
    throw error;
  }
}

async function waitUntilReady(
  server: ServerProcess,
  port: number,
  options: ManagedServerOptions,
  logStart: number,
  signal: AbortSignal,
): Promise<ServerLook> {
  const startedAt = performance.now();
  let limitMs = LISTEN_TIMEOUT_MS;
  let lastSeen = 'it does not answer';
  while (performance.now() - startedAt < limitMs) {
    signal.throwIfAborted();
    if (server.hasExited()) {
      throw explainExit(basename(options.directory), await cleanTail(options, logStart));
    }
    const look = await lookOrReason({ host: MANAGED_HOST, port, password: options.password });
    if (typeof look === 'string') {
      lastSeen = look;
    } else if (look.pid !== server.identity.pid) {
      // Somebody else listens there, even with our password; our own process is about to fail on its bind.
      lastSeen = `process ${look.pid} answers in its place`;
    } else if (look.isLoading) {
      limitMs = options.loadTimeoutMs;
      lastSeen = 'it is still loading its data';
    } else {
      return look;
    }
    await delay(POLL_MS);
  }
  const tail = await cleanTail(options, logStart);
  throw new DomainError(
    'managed-start-timeout',
    `the server of ${basename(options.directory)} was not ready within ${limitMs} ms: ${lastSeen}; its last log lines: ${tail.join(' | ')}`,
    { retryable: true },
  );
}

async function lookOrReason(connection: { host: string; port: number; password: string }): Promise<ServerLook | string> {
  try {
    return await lookAtServer(connection, LOOK_TIMEOUT_MS);
  } catch (error) {
    if (isDomainError(error, 'server-unreachable', 'server-refused-password')) {
      return error.message;
    }
    throw error;
  }
}

async function applyMaxMemory(options: ManagedServerOptions, port: number, look: ServerLook): Promise<void> {
  const wanted = options.maxMemoryBytes ?? 0;
  if (look.maxMemoryBytes !== wanted) {
    const connection = { host: MANAGED_HOST, port, password: options.password };
    await withServerConnection(connection, LOOK_TIMEOUT_MS, (send) => send(['CONFIG', 'SET', 'maxmemory', String(wanted)]));
  }
}

async function reconfigure(options: CurrentOptions, port: number, settings: ServerSettings): Promise<void> {
  // Read by the next start alone, which writes it anew, so that it may be ahead of the server.
  await writeConfig(options, settings, port);
  const { password, maxMemoryBytes = 0 } = settings;
  const change = (known: string) =>
    withServerConnection({ host: MANAGED_HOST, port, password: known }, LOOK_TIMEOUT_MS, async (send) => {
      // One at a time: before Redis 7.0 a CONFIG SET takes a single parameter.
      for (const [name, value] of [
        ['maxmemory', String(maxMemoryBytes)],
        ['masterauth', password],
        ['requirepass', password],
      ] as const) {
        await send(['CONFIG', 'SET', name, value]);
      }
    });
  try {
    await change(options.password);
  } catch (error) {
    if (!isDomainError(error, 'server-refused-password')) {
      throw error;
    }
    // An earlier call has got as far as the password, and did not hear of it.
    await change(password);
  }
  options.password = password;
}

function toManagedServer(
  server: ServerProcess,
  port: number,
  look: ServerLook,
  options: CurrentOptions,
  wasAdopted: boolean,
): ManagedServer {
  return {
    port,
    pid: look.pid,
    kind: look.kind,
    version: look.version,
    wasAdopted,
    exited: server.exited,
    reconfigure: (settings) => reconfigure(options, port, settings),
    logTail: () => cleanTail(options, 0),
    end: async () => {
      await endServer(server, options.stopTimeoutMs);
      await removeProcessRecord(options.directory);
    },
  };
}

/** The last log lines; a server quotes the configuration line that it refuses, so the password is cut out. */
async function cleanTail(options: ManagedServerOptions, from: number): Promise<string[]> {
  const tail = await readLogTail(join(options.directory, LOG_NAME), from);
  return tail.map((line) => line.replaceAll(options.password, '***'));
}
