import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import { DomainError, describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { backoffDelayMs } from './backoff-delay.ts';
import { type ManagedServer, type ManagedServerOptions, type ServerSettings, startManagedServer } from './managed-server.ts';

/**
 * starting → running ⇄ restarting, and from each of them → stopping → stopped, which is final. restarting: the server ended by itself, and
 * is started again after a wait that grows with each failure.
 */
export type ServerState = 'starting' | 'running' | 'restarting' | 'stopping' | 'stopped';

export interface ServerStatus {
  readonly state: ServerState;
  /** Undefined unless running. */
  readonly pid: number | undefined;
  readonly port: number | undefined;
  /** How often it was started again after it ended by itself. */
  readonly restarts: number;
  /** Why the last restart failed, undefined where it did not. */
  readonly lastError: string | undefined;
}

export interface SupervisedOptions {
  readonly instanceId: string;
  readonly launch: ManagedServerOptions;
  readonly log: Logger;
  readonly clock: Clock;
  /** The server listens elsewhere than it was asked to. A rejection counts as a failed start. */
  readonly onRelocated: (instanceId: string, port: number) => Promise<void>;
}

export interface SupervisedServer {
  /** Resolves when the server is ready; from then on it is kept running. A failed first start is final and thrown. */
  start(): Promise<ManagedServer>;
  /** As `ManagedServer.reconfigure`, also for every later start of the server. Throws `managed-server-down` unless it is running. */
  reconfigure(settings: ServerSettings): Promise<void>;
  /** Ends server and supervision, also in the middle of a start; gone when it resolves. */
  stop(): Promise<void>;
  status(): ServerStatus;
}

/** A server that stayed up this long is healthy: its next end starts the waits from the beginning. */
const HEALTHY_AFTER_MS = 60_000;

export function createSupervisedServer(options: SupervisedOptions): SupervisedServer {
  const { instanceId, log, clock } = options;
  const controller = new AbortController();
  const { signal } = controller;
  const stopping = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  let state: ServerState = 'starting';
  let { launch: launchOptions } = options;
  let { port } = options.launch;
  let current: ManagedServer | undefined;
  let first: Promise<ManagedServer> | undefined;
  let supervision: Promise<void> | undefined;
  let readyAt = 0;
  let failures = 0;
  let restarts = 0;
  let lastError: string | undefined;

  async function launch(): Promise<ManagedServer> {
    const server = await startManagedServer({ ...launchOptions, ...(port === undefined ? {} : { port }) }, signal);
    if (port !== undefined && port !== server.port) {
      // 0 asked for any port.
      if (port !== 0) {
        log.warn({ instanceId, from: port, to: server.port }, 'managed.relocated');
      }
      try {
        await options.onRelocated(instanceId, server.port);
      } catch (error) {
        await server.end();
        throw error;
      }
    }
    port = server.port;
    current = server;
    readyAt = clock.now();
    if (!signal.aborted) {
      state = 'running';
    }
    log.info({ instanceId, pid: server.pid, port, adopted: server.wasAdopted }, 'managed.ready');
    return server;
  }

  async function keepRunning(server: ManagedServer): Promise<void> {
    let running: ManagedServer | undefined = server;
    while (running !== undefined) {
      await Promise.race([running.exited, stopping]);
      if (signal.aborted) {
        return;
      }
      state = 'restarting';
      log.warn({ instanceId, pid: running.pid, tail: await running.logTail() }, 'managed.exited');
      current = undefined;
      if (clock.now() - readyAt >= HEALTHY_AFTER_MS) {
        failures = 0;
      }
      running = await relaunch();
    }
  }

  /** Tries until a server is ready; undefined when it is told to stop. */
  async function relaunch(): Promise<ManagedServer | undefined> {
    while (!signal.aborted) {
      try {
        await delay(backoffDelayMs(failures), undefined, { signal, ref: false });
        failures += 1;
        const server = await launch();
        restarts += 1;
        lastError = undefined;
        return server;
      } catch (error) {
        if (!signal.aborted) {
          lastError = describeError(error);
          log.error({ instanceId, failures, error: lastError }, 'managed.restart-failed');
        }
      }
    }
    return undefined;
  }

  return {
    start: async () => {
      first = launch();
      const server = await first;
      supervision = keepRunning(server);
      return server;
    },
    reconfigure: async (settings) => {
      if (state !== 'running' || current === undefined) {
        throw new DomainError('managed-server-down', `the server of ${instanceId} is ${state}`, { retryable: true });
      }
      await current.reconfigure(settings);
      const { maxMemoryBytes: _, ...others } = launchOptions;
      launchOptions = { ...others, ...settings };
    },
    stop: async () => {
      state = 'stopping';
      controller.abort(new DomainError('managed-start-cancelled', `the server of ${instanceId} was stopped while it started`));
      await first?.catch(() => {});
      await supervision;
      await current?.end();
      state = 'stopped';
    },
    status: () => ({ state, pid: state === 'running' ? current?.pid : undefined, port, restarts, lastError }),
  };
}
