import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, ErrorReply } from '@redis/client';
import { findFreePort } from './free-port.ts';
import type { ServerProgram } from './server-versions.ts';

export interface RedisServerOptions {
  /** More lines of the configuration file, such as `repl-diskless-sync-delay 0`. */
  readonly config?: readonly string[];
  /** Password of the default user. */
  readonly password?: string;
  /** ACL users, each `name rule…`, such as `backup on >secret +psync +replconf +ping`. */
  readonly aclUsers?: readonly string[];
  /** Path of an RDB file to start on. */
  readonly dump?: string;
  /** That of a server that was killed, to start again on what it left; a new one by default. */
  readonly dir?: string;
  /** The `redis-server` on the PATH by default. */
  readonly server?: ServerProgram;
  /** A free one by default; that of a server which was stopped, to start it again. */
  readonly port?: number;
  /** Take a server that is still loading for ready. */
  readonly whileLoading?: boolean;
}

export interface RedisServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Its working directory, removed at the end. */
  readonly dir: string;
  readonly pid: number;
  /** One command as the default user, reply in RESP2 form; an error reply is thrown. */
  command(...args: Array<string | Buffer>): Promise<unknown>;
  /** Ends the server, by its pid, and removes its directory. Idempotent. */
  stop(): Promise<void>;
}

const LOG_FILE = 'server.log';

/**
 * A real redis-server on a free port of loopback, empty unless given a dump, without persistence, ready when this resolves. By default its
 * diskless delay is 0, so that a full synchronisation starts at once.
 */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'redkeep-redis-')));
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await findFreePort());
    const child = await launch(dir, port, options);
    try {
      return await connect(dir, port, child, options);
    } catch (error) {
      await end(child);
      // Another process may have taken the port between finding and binding it.
      if (attempt === 3) {
        await rm(dir, { recursive: true, force: true });
        throw error;
      }
    }
  }
}

async function launch(dir: string, port: number, options: RedisServerOptions): Promise<ChildProcess> {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${dir}`,
    'save ""',
    'appendonly no',
    'daemonize no',
    'loglevel warning',
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
    ...(options.password === undefined ? [] : [`requirepass ${options.password}`]),
    ...(options.aclUsers ?? []).map((user) => `user ${user}`),
    ...(options.config ?? []),
  ];
  if (options.dump !== undefined) {
    await copyFile(options.dump, join(dir, 'dump.rdb'));
  }
  const file = join(dir, 'redis.conf');
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const { command, args } = options.server ?? { command: 'redis-server', args: [] };
  const child = spawn(command, [...args, file, '--logfile', join(dir, LOG_FILE)], { stdio: 'ignore' });
  await once(child, 'spawn');
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.removeListener('exit', endWithUs));
  return child;
}

async function connect(dir: string, port: number, child: ChildProcess, options: RedisServerOptions): Promise<RedisServer> {
  const { password, whileLoading = false } = options;
  const client = createClient({
    RESP: 2,
    disableClientInfo: true,
    ...(password === undefined ? {} : { password }),
    socket: { host: '127.0.0.1', port, reconnectStrategy: false },
  });
  client.on('error', () => {});
  for (const deadline = Date.now() + 10_000; ; ) {
    try {
      await client.connect();
      await client.sendCommand(['PING']);
      break;
    } catch (error) {
      if (whileLoading && error instanceof ErrorReply && error.message.startsWith('LOADING')) {
        break;
      }
      if (client.isOpen) {
        client.destroy();
      }
      if (child.exitCode !== null || Date.now() > deadline) {
        const log = await readFile(join(dir, LOG_FILE), 'utf8').catch(() => '');
        throw new Error(`redis-server on port ${port} did not get ready, exit code ${child.exitCode}\n${log}`, { cause: error });
      }
      await delay(20);
    }
  }
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      if (client.isOpen) {
        client.destroy();
      }
      await end(child);
      await rm(dir, { recursive: true, force: true });
    })();
    return stopping;
  };
  return {
    host: '127.0.0.1',
    port,
    dir,
    pid: child.pid ?? 0,
    command: (...args) => client.sendCommand(args),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(limit);
}
