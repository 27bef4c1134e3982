import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errnoOf } from '../lib/errno.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { lookAtServer } from './look-at-server.ts';
import { checkIdentity, findServersIn, readIdentity } from './process-identity.ts';
import { readProcessRecord, removeProcessRecord, writeProcessRecord } from './process-record.ts';
import { CONFIG_NAME, MANAGED_HOST, parseServerAccess } from './server-config.ts';
import { withServerConnection } from './server-connection.ts';
import { adoptServer, endServer, type ServerProcess } from './server-process.ts';

export interface DirectoryOwner {
  /** With links resolved. */
  readonly directory: string;
  readonly password: string;
  readonly stopTimeoutMs: number;
}

const LOOK_TIMEOUT_MS = 5_000;
/** A fork child that outlived its killed parent ends within this; a whole server does not. */
const STRAY_TIMEOUT_MS = 10_000;
const POLL_MS = 100;

/**
 * Settles what runs in an instance directory before a server is started there. The server that the record names, with that start time, is
 * adopted when it answers with the right password, and ended when it does not. A server that no record proves is adopted when it answers
 * with the right password and works in that directory; otherwise it is never signalled, and `managed-directory-busy` is thrown unless it
 * goes by itself. Undefined: nothing runs there any more.
 */
export async function takeOverServer(owner: DirectoryOwner): Promise<{ server: ServerProcess; port: number } | undefined> {
  const record = await readProcessRecord(owner.directory);
  const state = record === undefined ? 'gone' : await checkIdentity(record);
  if (record === undefined || state === 'gone') {
    return takeOverStray(owner);
  }
  const server = adoptServer(record, () => shutDown(owner, record.port));
  if ((await pidAt(owner, record.port)) === record.pid) {
    return { server, port: record.port };
  }
  if (state === 'unverifiable') {
    throw new DomainError(
      'managed-server-unverifiable',
      `process ${record.pid} may be the server that was started in ${owner.directory}, and does not answer on port ${record.port}`,
      { hint: 'make sure that no server uses that directory, then remove its process.json' },
    );
  }
  await endServer(server, owner.stopTimeoutMs);
  await waitForStrays(owner.directory);
  return undefined;
}

/**
 * Ends the server that the record of a directory names, where it still runs, or the one that a service left before it could write it down,
 * proven by the password in the configuration there. Only that very process is signalled.
 */
export async function endRecordedServer(directory: string, stopTimeoutMs: number): Promise<void> {
  const record = await readProcessRecord(directory);
  if (record !== undefined && (await checkIdentity(record)) !== 'gone') {
    const server = adoptServer(record, () => Promise.resolve());
    await endServer(server, stopTimeoutMs);
  } else {
    const { password } = (await configuredAccess(directory)) ?? { password: '' };
    const stray = await takeOverStray({ directory, password, stopTimeoutMs });
    if (stray !== undefined) {
      await endServer(stray.server, stopTimeoutMs);
    }
  }
  await waitForStrays(directory);
  await removeProcessRecord(directory);
}

/** Waits until no server works in the directory. Throws `managed-directory-busy` where one stays. */
export async function waitForStrays(directory: string, timeoutMs = STRAY_TIMEOUT_MS): Promise<void> {
  await untilFree(directory, timeoutMs, async () => undefined);
}

/** Polls until `look` gives something, which is the result, or no server works in the directory. */
async function untilFree<T>(directory: string, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) {
      return found;
    }
    const pids = await findServersIn(directory);
    if (pids === undefined || pids.length === 0) {
      return undefined;
    }
    if (performance.now() > deadline) {
      throw new DomainError('managed-directory-busy', `process ${pids.join(', ')} works in ${directory} and is not known to be ours`, {
        retryable: true,
        hint: `end process ${pids.join(', ')} yourself if it is not needed`,
      });
    }
    await delay(POLL_MS);
  }
}

/**
 * A service that was killed between the spawn and the record leaves a server that only its directory and its configuration tell of. It may
 * have been killed so soon that the server does not listen yet.
 */
function takeOverStray(owner: DirectoryOwner): Promise<{ server: ServerProcess; port: number } | undefined> {
  return untilFree(owner.directory, STRAY_TIMEOUT_MS, async () => {
    const pids = await findServersIn(owner.directory);
    const port = pids?.length === 0 ? undefined : (await configuredAccess(owner.directory))?.port;
    const pid = port === undefined ? undefined : await pidAt(owner, port);
    const isHere = pid !== undefined && (pids === undefined || pids.includes(pid));
    const identity = isHere ? await readIdentity(pid) : undefined;
    if (port === undefined || identity === undefined) {
      return undefined;
    }
    await writeProcessRecord(owner.directory, { ...identity, port });
    return { server: adoptServer(identity, () => shutDown(owner, port)), port };
  });
}

/** The pid of the server of this directory, if that is what answers on the port with the password. */
async function pidAt(owner: DirectoryOwner, port: number): Promise<number | undefined> {
  try {
    const look = await lookAtServer({ host: MANAGED_HOST, port, password: owner.password }, LOOK_TIMEOUT_MS);
    return look.directory === owner.directory ? look.pid : undefined;
  } catch (error) {
    if (isDomainError(error, 'server-unreachable', 'server-refused-password')) {
      return undefined;
    }
    throw error;
  }
}

async function configuredAccess(directory: string): Promise<{ port: number; password: string } | undefined> {
  try {
    return parseServerAccess(await readFile(join(directory, CONFIG_NAME), 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

/** The server closes the connection instead of answering. */
async function shutDown(owner: DirectoryOwner, port: number): Promise<void> {
  try {
    await withServerConnection({ host: MANAGED_HOST, port, password: owner.password }, LOOK_TIMEOUT_MS, (send) => send(['SHUTDOWN']));
  } catch (error) {
    if (!isDomainError(error, 'server-unreachable')) {
      throw error;
    }
  }
}
