import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '../lib/errors.ts';
import { checkIdentity, type ProcessIdentity, readIdentity, signalProcess } from './process-identity.ts';

/** A running server process, our child or one that outlived an earlier service. */
export interface ServerProcess {
  readonly identity: ProcessIdentity;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<void>;
  hasExited(): boolean;
  /** Whether it is gone within `timeoutMs`. */
  waitForExit(timeoutMs: number): Promise<boolean>;
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** An adopted process sends us no exit event; this is how late its end may be noticed. */
const POLL_MS = 1_000;
const WAIT_POLL_MS = 25;

/**
 * Starts a server in its directory, in a session of its own, so that a Ctrl-C in the terminal of the service reaches the service alone and
 * the service stops its servers in order. What it prints before it opens its log goes to the log, too.
 */
export async function spawnServer(binaryPath: string, configFile: string, directory: string, logFile: string): Promise<ServerProcess> {
  await using log = await open(logFile, 'a', 0o600);
  const child = spawn(binaryPath, [configFile], { cwd: directory, detached: true, stdio: ['ignore', log.fd, log.fd] });
  const { pid } = child;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (pid === undefined) {
    throw new DomainError('managed-server-failed', `cannot run ${binaryPath}`, { cause: await failure(child) });
  }
  child.unref();
  const hasExited = () => child.exitCode !== null || child.signalCode !== null;
  return {
    // Ended already: a start time that no process has, so that whoever gets the pid next is never taken for it.
    identity: (await readIdentity(pid)) ?? { pid, startTicks: 'ended', bootId: '' },
    exited,
    hasExited,
    waitForExit: async (timeoutMs) => {
      await withLimit(exited, timeoutMs);
      return hasExited();
    },
    // Node knows when its child was reaped and sends nothing after that, so a reused pid is safe.
    signal: async (signal) => void child.kill(signal),
  };
}

/**
 * Takes charge of a process that somebody else started and that was proven to be the one meant. Where its identity cannot be verified again
 * later (no /proc) it is never signalled but asked to end by `shutDown`, which only our server understands.
 */
export function adoptServer(identity: ProcessIdentity, shutDown: () => Promise<void>): ServerProcess {
  let isGone = false;
  const look = async () => {
    isGone ||= (await checkIdentity(identity)) === 'gone';
    return isGone;
  };
  const poll = async () => {
    while (!(await look())) {
      await delay(POLL_MS, undefined, { ref: false });
    }
  };
  return {
    identity,
    exited: poll(),
    hasExited: () => isGone,
    waitForExit: async (timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (!(await look()) && performance.now() < deadline) {
        await delay(WAIT_POLL_MS);
      }
      return isGone;
    },
    signal: async (signal) => {
      if ((await checkIdentity(identity)) !== 'unverifiable') {
        await signalProcess(identity, signal);
      } else if (signal === 'SIGTERM') {
        await shutDown();
      } else {
        throw new DomainError(
          'managed-server-unverifiable',
          `cannot prove that process ${identity.pid} is the managed server, so it is not killed`,
          {
            hint: `end process ${identity.pid} yourself if it is a redis-server`,
          },
        );
      }
    },
  };
}

/** Asks the process to end, and kills it where it has not within `timeoutMs`. It is gone when this resolves. */
export async function endServer(server: ServerProcess, timeoutMs: number): Promise<void> {
  if (server.hasExited()) {
    return;
  }
  await server.signal('SIGTERM');
  if (await server.waitForExit(timeoutMs)) {
    return;
  }
  await server.signal('SIGKILL');
  if (!(await server.waitForExit(10_000))) {
    throw new DomainError('managed-server-stuck', `process ${server.identity.pid} did not end within 10 s of SIGKILL`, { retryable: true });
  }
}

async function withLimit(promise: Promise<void>, timeoutMs: number): Promise<void> {
  const controller = new AbortController();
  const limit = delay(timeoutMs, undefined, { signal: controller.signal }).catch(() => {});
  await Promise.race([promise, limit]);
  controller.abort();
}

function failure(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('error', resolve));
}
