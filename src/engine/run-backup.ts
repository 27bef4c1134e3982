import { DomainError, describeError, isDomainError } from '../lib/errors.ts';
import { type FullResync, openReplicaSession } from '../redis/replica-session.ts';
import { readServerSettings } from '../redis/server-settings.ts';
import { importKeyring } from '../repository/keyring.ts';
import { openRepository } from '../repository/repository.ts';
import type { Manifest } from '../repository/types.ts';
import { openStorage } from '../storage/registry.ts';
import { addHints } from './add-hints.ts';
import { chooseSource } from './choose-source.ts';
import { createRdbIntake } from './rdb-intake.ts';
import type { BackupOptions, BackupProgress, BackupRequest } from './types.ts';

/** Section that holds what neither RDB nor stream carries: ACL users, configuration, module list. */
export const SERVER_SETTINGS_SECTION = 'server-settings';

/**
 * One try at a backup: source → checks → frames → manifest → read back. When it resolves, the manifest is durable and every stored byte
 * was read, authenticated and compared; the catalog may then name this attempt. When it throws, the attempt is garbage.
 */
export async function runBackup(request: BackupRequest, { signal, onProgress }: BackupOptions): Promise<Manifest> {
  const { source } = request;
  let receivedBytes = 0;
  const report: string[] = [];
  let sessionWarnings: readonly string[] = [];
  const enter = (phase: BackupProgress['phase']) => onProgress({ phase, receivedBytes });

  enter('connecting');
  const repository = await openRepository(await openStorage(request.storageUrl), importKeyring(request.keyring));
  const { address, info, isReplica, report: choice } = await chooseSource(request, signal);
  report.push(...choice, ...info.warnings);
  // Users and configuration are those of the server that was named.
  const settings = await readServerSettings(source, { signal });
  report.push(...settings.missing);

  const attempt = { backupId: request.backupId, attempt: request.attempt };
  const writer = await repository.startAttempt(attempt, 1);
  try {
    await writer.putSection(SERVER_SETTINGS_SECTION, Buffer.from(JSON.stringify(settings)));
    await using session = await openReplicaSession(address, {
      signal,
      rdbOnly: true,
      skipDisklessDelay: request.skipDisklessDelay,
      ...(info.serverVersion === '' ? {} : { serverVersion: info.serverVersion }),
    });
    sessionWarnings = session.warnings;
    enter('waiting-for-source');
    const intake = createRdbIntake((plain, last) => writer.appendFrame(0, plain, last));
    const received = await session.receiveRdb(
      (bytes) => {
        receivedBytes += bytes.length;
        onProgress({ phase: 'transferring', receivedBytes });
        return intake.write(bytes);
      },
      () => enter('transferring'),
    );
    const rdb = await intake.finish();
    enter('verifying');
    await session.close();
    report.push(...sessionWarnings);
    if (rdb.checksumDisabled) {
      report.push('the source runs with rdbchecksum no: the RDB carries no checksum of its own');
    }
    if (rdb.scan.incompleteReason !== undefined) {
      report.push(`keys could be counted in part only: ${rdb.scan.incompleteReason}`);
    }
    report.push(...compareHistory(received, rdb.scan.auxiliary));
    const manifest = await writer.finish({
      facts: request.facts,
      endedAt: Date.now(),
      shards: [
        {
          sizeBytes: rdb.sizeBytes,
          sha256: rdb.sha256,
          crc64: rdb.crc64,
          rdbVersion: rdb.scan.rdbVersion,
          serverVersion: info.serverVersion || (rdb.scan.auxiliary['redis-ver'] ?? rdb.scan.auxiliary['valkey-ver'] ?? ''),
          serverKind: info.serverKind === 'unknown' && rdb.scan.auxiliary['redis-ver'] !== undefined ? rdb.scan.format : info.serverKind,
          replicationId: received.replicationId,
          replicationOffset: received.replicationOffset,
          keys: rdb.scan.keys,
        },
      ],
      report,
    });
    await repository.verifyAttempt(attempt, { signal });
    return manifest;
  } catch (error) {
    await abandon(writer, error);
    // There is no report to tell it: above all that a setting of the source could not be put back.
    throw addHints(isReplica ? toPassing(error, choice) : error, sessionWarnings);
  }
}

/**
 * The RDB names the history and the offset that it was made at, if the source keeps one (`rdbSaveInfoAuxFields` of Redis). Where FULLRESYNC said
 * otherwise the data is whole all the same, but no stream goes on from it.
 */
function compareHistory({ replicationId, replicationOffset }: FullResync, auxiliary: Readonly<Record<string, string>>): string[] {
  const { 'repl-id': id, 'repl-offset': offset } = auxiliary;
  if (id === undefined || (id === replicationId && offset === String(replicationOffset))) {
    return [];
  }
  const told = `${replicationId} at ${replicationOffset}`;
  return [
    `the RDB is of replication history ${id} at ${offset ?? 'no offset'}, but the source announced ${told}: no stream can go on from this backup`,
  ];
}

/** Whatever is wrong with a replica, its master may be tried: the next try reads that. */
function toPassing(error: unknown, choice: readonly string[]): unknown {
  if (!isDomainError(error) || !error.code.startsWith('source-')) {
    return error;
  }
  const { code, message, hint, cause } = error;
  return addHints(new DomainError(code, message, { retryable: true, cause, ...(hint === undefined ? {} : { hint }) }), choice);
}

/** Throws away what was stored; where that fails too, the sweep finds it, and the first error is the one that counts. */
async function abandon(writer: { abort(): Promise<void> }, error: unknown): Promise<void> {
  try {
    await writer.abort();
  } catch (second) {
    if (isDomainError(error) && error.cause === undefined) {
      error.cause = new Error(`the unfinished attempt could not be removed: ${describeError(second)}`);
    }
  }
}
