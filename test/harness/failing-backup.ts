import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { runBackup } from '../../src/engine/run-backup.ts';
import type { BackupRequest } from '../../src/engine/types.ts';
import { describeError, isDomainError } from '../../src/lib/errors.ts';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import type { Manifest } from '../../src/repository/types.ts';
import { makeBackupSite } from './backup-site.ts';
import type { RedisServer } from './redis-server.ts';

export interface BackupEnd {
  /** Undefined after success. */
  readonly code: string | undefined;
  readonly retryable: boolean;
  /** What the task's message would say. */
  readonly text: string;
  readonly manifest: Manifest | undefined;
}

interface Options {
  readonly request?: Partial<BackupRequest>;
  /** Called once, when part of the RDB has come and more is to come. */
  readonly inMidTransfer?: () => void;
}

/** Tries one backup by the engine alone. After a failure nothing may be left in the repository. */
export async function tryBackup(source: SourceAddress, { request = {}, inMidTransfer }: Options = {}): Promise<BackupEnd> {
  await using site = await makeBackupSite();
  let isUnderWay = false;
  try {
    const manifest = await runBackup(site.request(source, { source, ...request }), {
      signal: new AbortController().signal,
      onProgress({ receivedBytes }) {
        if (receivedBytes > 200_000 && !isUnderWay) {
          isUnderWay = true;
          inMidTransfer?.();
        }
      },
    });
    return { code: undefined, retryable: false, text: '', manifest };
  } catch (error) {
    assert.ok(isDomainError(error), String(error));
    assert.deepEqual(await site.filesLeft(), []);
    return { code: error.code, retryable: error.retryable, text: describeError(error), manifest: undefined };
  }
}

/** Fills a server with 2 MB, of which its fork child then sends a hundredth at a time: in a second in all, or in `seconds`. */
export async function fillSlowly(server: RedisServer, seconds = 1): Promise<void> {
  await Promise.all(Array.from({ length: 100 }, (_, i) => server.command('SET', `key ${i}`, randomBytes(20_000))));
  await server.command('CONFIG', 'SET', 'rdb-key-save-delay', String(10_000 * seconds));
}

/** Only where and how to reach it: a server is no plain message. */
export function addressOf({ host, port }: RedisServer, login: { user?: string; password?: string } = {}): SourceAddress {
  return { host, port, ...login };
}
