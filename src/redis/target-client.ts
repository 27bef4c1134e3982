import { setTimeout as delay } from 'node:timers/promises';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { type AdminClient, connectAdminClient } from './admin-client.ts';
import type { SourceAddress } from './source-address.ts';

const NEEDED =
  'a restore needs +info +config|get +config|set +replicaof +client|pause +client|unpause; key by key it needs +info +select +flushall +restore +exists +function on all keys';

const HINTS: Readonly<Record<string, string>> = {
  'target-auth-failed': 'attach the instance with the right user and password',
  'target-loading': 'the target is still loading its data: wait until it has finished',
  'target-unreachable': 'check that the target runs and that host, port and firewall let this machine reach it',
  'target-closed': 'see the log of the target',
};

/**
 * Runs `work` on one short connection to the target; it is not to be kept, since a silent one is closed. Errors are those of
 * `connectAdminClient` with `target` in place of `source`.
 */
export async function withTarget<T>(
  address: SourceAddress,
  signal: AbortSignal | undefined,
  work: (client: AdminClient) => Promise<T>,
): Promise<T> {
  try {
    await using client = await connectAdminClient(address, { timeoutMs: 30_000, ...(signal === undefined ? {} : { signal }) });
    return await work(client);
  } catch (error) {
    throw toTargetError(error);
  }
}

/** The same condition seen from a restore. */
export function toTargetError(error: unknown): unknown {
  if (!isDomainError(error) || !error.code.startsWith('source-')) {
    return error;
  }
  const code = error.code.replace('source-', 'target-');
  const hint = code === 'target-permission-denied' ? toPermissionHint(error) : (HINTS[code] ?? error.hint?.replaceAll('source', 'target'));
  return new DomainError(code, error.message, { retryable: error.retryable, cause: error, ...(hint === undefined ? {} : { hint }) });
}

/** Which command it was, in the first half of what a backup would say, and what a restore needs. */
function toPermissionHint({ hint = '' }: DomainError): string {
  const allow = /^allow it on the source: [^;]+/.exec(hint)?.[0].replace('source', 'target');
  return allow === undefined ? NEEDED : `${allow}; ${NEEDED}`;
}

const RETRY_DELAY_MS = 250;

/** As `withTarget`, tried again for `patienceMs` where the target is not reachable, loading or busy. `work` may run more than once. */
export async function withPatience<T>(
  address: SourceAddress,
  { patienceMs, signal }: { patienceMs: number; signal?: AbortSignal | undefined },
  work: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await withTarget(address, signal, work);
    } catch (error) {
      if (!isDomainError(error) || !error.retryable || signal?.aborted || performance.now() > deadline) {
        throw error;
      }
    }
    await delay(RETRY_DELAY_MS);
  }
}
