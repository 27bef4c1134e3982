import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../lib/errors.ts';
import type { SourceAddress } from '../redis/source-address.ts';
import { withTarget } from '../redis/target-client.ts';

export interface ThrowawayServerOptions {
  /** Path of a redis-server or valkey-server, 6.0 or newer. */
  readonly path: string;
  /** Made by this call, with everything in it the server's alone; removed by `removeThrowaway`. */
  readonly directory: string;
  /** Address space that the operating system grants it. */
  readonly memoryBytes: number;
  readonly databases: number;
  readonly signal: AbortSignal;
}

export interface ThrowawayServer extends AsyncDisposable {
  readonly address: SourceAddress;
  /**
   * What its end or its log tells about a load that broke off; both may come a moment after the connections have broken. Undefined where it
   * runs on and has said nothing of the kind within `waitMs`.
   */
  explainFailure(waitMs: number): Promise<LoadFailure | undefined>;
}

export interface LoadFailure {
  readonly ranOutOfMemory: boolean;
  /** The last lines of its log. */
  readonly log: string;
}

const CONFIG_NAME = 'redis.conf';
const LOG_NAME = 'server.log';
const START_TIMEOUT_MS = 30_000;
const PORT_TRIES = 3;
const LOG_TAIL_BYTES = 2_000;
/** `readSyncBulkPayload` of Redis and Valkey, of a load that did not end the server. */
const FAILED_LOAD = /Failed trying to load the (?:MASTER|PRIMARY)/;
/** What a replica logs each second when its master is gone. */
const NOISE = /Connecting to (?:MASTER|PRIMARY)|(?:MASTER|PRIMARY) <-> REPLICA sync|Error condition on socket for SYNC|Reconnecting to/;

/**
 * Limits the address space of what follows, with the lowest priority for processor and disk (idle class where there is an `ionice`). The
 * first argument is in KiB, as POSIX wants it for ulimit.
 */
const LAUNCH = 'ulimit -v "$1" || exit 75; shift; command -v ionice >/dev/null && ionice -c 3 -p $$ 2>/dev/null; exec nice -n 19 "$@"';

/**
 * Starts a server on loopback with a random password that keeps nothing: neither RDB nor append-only file, and it loads what it gets as a
 * replica from the connection, without a file. Throws `throwaway-server-failed`. It ends when disposed of, its directory stays.
 */
export async function startThrowawayServer(options: ThrowawayServerOptions): Promise<ThrowawayServer> {
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (let tries = 1; ; tries++) {
    const password = randomBytes(24).toString('hex');
    const port = await findFreePort();
    const child = await launch(options, port, password);
    const address: SourceAddress = { host: '127.0.0.1', port, password };
    try {
      await waitUntilReady(address, child, options.signal);
      return {
        address,
        async explainFailure(waitMs) {
          for (const deadline = performance.now() + waitMs; performance.now() < deadline; await delay(25)) {
            const { failure, text } = await readFailure(directory, child);
            if (hasEnded(child) || FAILED_LOAD.test(text)) {
              return failure;
            }
          }
          return undefined;
        },
        [Symbol.asyncDispose]: () => end(child),
      };
    } catch (error) {
      await end(child);
      const { failure } = await readFailure(directory, child);
      const { log, ranOutOfMemory } = failure;
      options.signal.throwIfAborted();
      // Another process may have taken the port meanwhile.
      if (tries === PORT_TRIES || !/Address already in use/.test(log)) {
        const hint = ranOutOfMemory ? 'grant it more memory' : 'see its log above';
        throw new DomainError('throwaway-server-failed', `${options.path} did not start: ${log}`, { cause: error, hint });
      }
    }
  }
}

async function launch(options: ThrowawayServerOptions, port: number, password: string): Promise<ChildProcess> {
  const config = join(options.directory, CONFIG_NAME);
  // Only directives that Redis 6.0 and every later Redis and Valkey know, since an unknown one ends the server.
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${password}`,
    'daemonize no',
    `logfile ${LOG_NAME}`,
    'save ""',
    'appendonly no',
    'repl-diskless-load on-empty-db',
    `databases ${options.databases}`,
  ];
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  await using log = await open(join(options.directory, LOG_NAME), 'a', 0o600);
  const kibibytes = String(Math.floor(options.memoryBytes / 1024));
  const child = spawn('/bin/sh', ['-c', LAUNCH, 'sh', kibibytes, options.path, config], {
    cwd: options.directory,
    stdio: ['ignore', log.fd, log.fd],
  });
  // Its absence shows as an end.
  child.on('error', () => {});
  return child;
}

async function waitUntilReady(address: SourceAddress, child: ChildProcess, signal: AbortSignal): Promise<void> {
  for (const deadline = performance.now() + START_TIMEOUT_MS; ; await delay(25)) {
    try {
      await withTarget(address, signal, (client) => client.command('PING'));
      return;
    } catch (error) {
      if (hasEnded(child) || signal.aborted || performance.now() > deadline) {
        throw error;
      }
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) {
    const exited = once(child, 'exit');
    // It holds nothing that is worth an orderly end.
    child.kill('SIGKILL');
    await exited;
  }
}

async function readFailure(directory: string, child: ChildProcess): Promise<{ failure: LoadFailure; text: string }> {
  const text = await readFile(join(directory, LOG_NAME), 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => !NOISE.test(line));
  const log = lines.join('\n').slice(-LOG_TAIL_BYTES).trim() || `exit status ${child.exitCode ?? child.signalCode ?? 'unknown'}`;
  // The kernel's own killer leaves no line.
  const ranOutOfMemory = /out of memory|cannot allocate|can't allocate|bad_alloc/i.test(text) || child.signalCode === 'SIGKILL';
  return { failure: { log, ranOutOfMemory }, text };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Ends what still runs in a throw-away server's directory, found by its working directory, and removes it. An absent one is success. */
export async function removeThrowaway(directory: string): Promise<void> {
  const real = await realpath(directory).catch(() => undefined);
  if (real === undefined) {
    return;
  }
  // Without /proc nothing is found, and nothing that might be another's is signalled.
  for (const name of await readdir('/proc').catch(() => [])) {
    const isInside = /^[0-9]+$/.test(name) && (await readlink(`/proc/${name}/cwd`).catch(() => '')) === real;
    const command = isInside ? await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '') : '';
    if (/^(?:redis|valkey)-/.test(command)) {
      try {
        process.kill(Number(name), 'SIGKILL');
      } catch {
        // Ended meanwhile.
      }
    }
  }
  await rm(real, { recursive: true, force: true });
}
