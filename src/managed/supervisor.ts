import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../lib/clock.ts';
import { errnoOf } from '../lib/errno.ts';
import { DomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { chooseServer, findServer, findServers, identifyServer, type ServerBinary, type WantedServer } from './find-server.ts';
import type { ServerSettings } from './managed-server.ts';
import { removeInstanceDirectory } from './remove-instance-directory.ts';
import { MANAGED_HOST } from './server-config.ts';
import { createSupervisedServer, type ServerStatus, type SupervisedServer } from './supervised-server.ts';
import { endRecordedServer } from './take-over-server.ts';

export interface SupervisorOptions {
  /** Parent of the instances' directories, `<data-dir>/instances`. One process at a time may supervise it. */
  readonly directory: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** A server had to move to another port, because somebody else has its own. Awaited before the start counts as done. */
  readonly onRelocated: (instanceId: string, port: number) => Promise<void>;
  /** Path of the one server to run; absent: those that `findServers` finds. */
  readonly serverBinary?: string;
  /** Lines as in redis.conf for every server. */
  readonly extraConfig?: readonly string[];
  /** How long a server may load its data, 10 minutes by default. */
  readonly loadTimeoutMs?: number;
  /** How long a server may take to end before it is killed, 10 s by default. */
  readonly stopTimeoutMs?: number;
}

export interface StartRequest {
  readonly instanceId: string;
  /** The port that the caller knows. 0: none yet, so `onRelocated` reports the one that is picked. Absent: the last or a free one, told by the result. */
  readonly port?: number;
  readonly password: string;
  /** Absent: no limit. */
  readonly maxMemoryBytes?: number;
  /** Kind and least version; absent: the first that is found. */
  readonly server?: WantedServer;
}

export interface StartedServer {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly serverKind: 'redis' | 'valkey';
  readonly serverVersion: string;
}

/** Runs the local managed servers of one data directory, each in a directory of its own, and starts again those that end by themselves. */
export interface Supervisor {
  /** The servers that are installed now, the one to run by default first. Throws `server-not-found`. */
  servers(): Promise<readonly ServerBinary[]>;
  /**
   * Starts the server of an instance, or adopts the one that an earlier service left running, and keeps it running. Resolves when it
   * answers with its data loaded. Throws `managed-server-busy` where this supervisor has it already, `server-not-found`, and the errors of
   * `startManagedServer`; nothing is retried before the first success.
   */
  start(request: StartRequest): Promise<StartedServer>;
  /** As `SupervisedServer.reconfigure`; throws `managed-server-down` also where this supervisor does not run the instance. */
  reconfigure(instanceId: string, settings: ServerSettings): Promise<void>;
  /** Ends the server, its data on disk. Also one that an earlier service left running. Success where none runs. */
  stop(instanceId: string): Promise<void>;
  /** Ends all servers at once and refuses every later start. Throws the first error after all were tried. */
  stopAll(): Promise<void>;
  /** Ends the server and then removes its directory with all its data; an absent one is success. */
  remove(instanceId: string): Promise<void>;
  /** Undefined where this supervisor does not run the instance. */
  status(instanceId: string): ServerStatus | undefined;
  /** The directory of an instance, whether it exists or not. */
  directoryOf(instanceId: string): string;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const servers = new Map<string, SupervisedServer>();
  const stopTimeoutMs = options.stopTimeoutMs ?? 10_000;
  const removing = new Set<string>();
  let isClosed = false;
  let known: readonly ServerBinary[] = [];

  function directoryOf(instanceId: string): string {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(instanceId)) {
      throw new DomainError('invalid-instance-id', `instance id ${JSON.stringify(instanceId)} is not of the form crs-xxxxxxxx`);
    }
    return join(options.directory, instanceId);
  }

  async function findInstalled(): Promise<readonly ServerBinary[]> {
    const found = options.serverBinary === undefined ? await findServers() : [await identifyOrThrow(options.serverBinary)];
    known = found.length === 0 ? [await findServer()] : found;
    return known;
  }

  async function resolveBinary(wanted: WantedServer | undefined): Promise<ServerBinary> {
    try {
      return chooseServer(known, wanted);
    } catch {
      // Not looked yet, or somebody has installed one meanwhile.
      return chooseServer(await findInstalled(), wanted);
    }
  }

  async function start(request: StartRequest): Promise<StartedServer> {
    const { instanceId, password } = request;
    const directory = directoryOf(instanceId);
    if (isClosed) {
      throw new DomainError('supervisor-stopped', `the service is stopping, so ${instanceId} is not started`);
    }
    if (password === '') {
      throw new DomainError('managed-password-missing', `the server of ${instanceId} needs a password`);
    }
    if (servers.has(instanceId) || removing.has(instanceId)) {
      const state = servers.get(instanceId)?.status().state ?? 'being removed';
      throw new DomainError('managed-server-busy', `the server of ${instanceId} is ${state} already`);
    }
    const supervised = createSupervisedServer({
      instanceId,
      launch: {
        directory,
        findBinary: () => resolveBinary(request.server),
        password,
        loadTimeoutMs: options.loadTimeoutMs ?? 600_000,
        stopTimeoutMs,
        ...(request.port === undefined ? {} : { port: request.port }),
        ...(request.maxMemoryBytes === undefined ? {} : { maxMemoryBytes: request.maxMemoryBytes }),
        ...(options.extraConfig === undefined ? {} : { extraConfig: options.extraConfig }),
      },
      log: options.log,
      clock: options.clock ?? systemClock,
      onRelocated: options.onRelocated,
    });
    servers.set(instanceId, supervised);
    try {
      const server = await supervised.start();
      return { host: MANAGED_HOST, port: server.port, pid: server.pid, serverKind: server.kind, serverVersion: server.version };
    } catch (error) {
      // A stop in the middle of the start has the entry in its charge.
      if (supervised.status().state === 'starting') {
        servers.delete(instanceId);
      }
      throw error;
    }
  }

  async function reconfigure(instanceId: string, settings: ServerSettings): Promise<void> {
    if (settings.password === '') {
      throw new DomainError('managed-password-missing', `the server of ${instanceId} needs a password`);
    }
    const supervised = servers.get(instanceId);
    if (supervised === undefined) {
      throw new DomainError('managed-server-down', `the server of ${instanceId} is not running`, { retryable: true });
    }
    await supervised.reconfigure(settings);
    options.log.info({ instanceId }, 'managed.reconfigured');
  }

  async function stop(instanceId: string): Promise<void> {
    const directory = directoryOf(instanceId);
    const supervised = servers.get(instanceId);
    if (supervised === undefined) {
      const real = await realpathOrUndefined(directory);
      return real === undefined ? undefined : endRecordedServer(real, stopTimeoutMs);
    }
    await supervised.stop();
    servers.delete(instanceId);
    options.log.info({ instanceId }, 'managed.stopped');
  }

  async function stopAll(): Promise<void> {
    isClosed = true;
    const outcomes = await Promise.allSettled([...servers.keys()].map(stop));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  async function remove(instanceId: string): Promise<void> {
    const directory = directoryOf(instanceId);
    removing.add(instanceId);
    try {
      await stop(instanceId);
      await removeInstanceDirectory(options.directory, directory);
    } finally {
      removing.delete(instanceId);
    }
  }

  return {
    servers: findInstalled,
    start,
    reconfigure,
    stop,
    stopAll,
    remove,
    status: (instanceId) => servers.get(instanceId)?.status(),
    directoryOf,
  };
}

async function identifyOrThrow(path: string): Promise<ServerBinary> {
  const binary = await identifyServer(path);
  if (binary === undefined) {
    throw new DomainError('server-not-found', `${path} is not a redis-server or valkey-server that runs`);
  }
  return binary;
}

async function realpathOrUndefined(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
