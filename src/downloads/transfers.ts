import { randomUUID } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.ts';
import { LONGEST_HOLD_MS } from '../catalog/lifecycle.ts';
import type { AuditLog } from '../lib/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import { type DomainError, describeError, isDomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { ShardReader } from '../repository/attempt-reader.ts';
import { isDamage } from '../repository/is-damage.ts';
import type { AttemptRef } from '../repository/types.ts';
import { createFrameCache } from './frame-cache.ts';
import { type Sink, sendBytes } from './send-bytes.ts';
import { createWriteBudget } from './write-budget.ts';

/** What is to go out, `to` exclusive. */
export interface Transfer {
  readonly ref: AttemptRef;
  readonly shard: number;
  readonly reader: ShardReader;
  readonly from: number;
  readonly to: number;
  /** What the audit log is told beside that. */
  readonly facts: object;
}

export interface Transfers {
  /**
   * Holds the backup and tells the audit log, both durable when it resolves; undefined where the backup has gone meanwhile. The returned
   * function sends the bytes, takes the hold off and tells how it ended; it must be called, once. It throws where not all has gone out.
   */
  begin(transfer: Transfer): Promise<((sink: Sink) => Promise<void>) | undefined>;
  /** Resolves when nothing is being sent. */
  ended(): Promise<void>;
}

const HOLD_MS = 10 * 60_000;

export function createTransfers(options: {
  readonly catalog: Catalog;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly holdMs?: number;
  readonly onDamage: (backupId: string, error: DomainError) => Promise<boolean>;
  readonly onEvent: (event: { outcome: 'started' | 'finished' | 'aborted' | 'failed'; bytes: number }) => void;
}): Transfers {
  const { catalog, audit, clock, log, holdMs = HOLD_MS, onDamage, onEvent } = options;
  const shared = { frames: createFrameCache(), budget: createWriteBudget() };
  const running = new Set<Promise<void>>();

  /** Keeps the backup from going while its bytes do; false where it has gone meanwhile. */
  async function hold(backupId: string, downloadId: string): Promise<boolean> {
    const at = clock.now();
    try {
      await catalog.lifecycle.hold(backupId, { kind: 'download', id: downloadId }, { at, until: at + holdMs });
      return true;
    } catch (error) {
      if (isDomainError(error, 'catalog-conflict')) {
        return false;
      }
      throw error;
    }
  }

  async function release(backupId: string, downloadId: string): Promise<void> {
    await catalog.lifecycle.release(backupId, { kind: 'download', id: downloadId }).catch((error: unknown) => {
      log.error({ backupId, downloadId, error: describeError(error) }, 'download.not-released');
    });
  }

  function prolong(backupId: string, downloadId: string): NodeJS.Timeout {
    return setInterval(() => {
      hold(backupId, downloadId).catch((error: unknown) => {
        log.error({ backupId, downloadId, error: describeError(error) }, 'download.not-prolonged');
      });
    }, holdMs / 2).unref();
  }

  async function send({ ref, shard, reader, from, to, facts }: Transfer, downloadId: string, sink: Sink): Promise<void> {
    const { backupId, attempt } = ref;
    const startedAt = performance.now();
    const signal = AbortSignal.any([sink.signal, AbortSignal.timeout(LONGEST_HOLD_MS)]);
    const prolonging = prolong(backupId, downloadId);
    let bytes = 0;
    let outcome: 'finished' | 'aborted' | 'failed' = 'failed';
    try {
      const name = `${backupId}/${attempt}/${shard}`;
      await sendBytes(shared, { name, reader }, { from, to }, { signal, write: (part) => sink.write(part) }, (sent) => {
        bytes += sent;
      });
      outcome = 'finished';
    } catch (error) {
      outcome = signal.aborted ? 'aborted' : 'failed';
      if (outcome === 'failed') {
        log.error({ downloadId, ...facts, error: describeError(error) }, 'download.failed');
      }
      if (isDamage(error)) {
        await onDamage(backupId, error);
      }
      throw error;
    } finally {
      clearInterval(prolonging);
      onEvent({ outcome, bytes });
      await release(backupId, downloadId);
      const durationMs = Math.round(performance.now() - startedAt);
      await audit.append({ event: `download.${outcome}`, downloadId, ...facts, bytes, durationMs }).catch((error: unknown) => {
        log.error({ downloadId, ...facts, error: describeError(error) }, 'download.not-audited');
      });
    }
  }

  return {
    async begin(transfer) {
      const { ref, reader, from, to, facts } = transfer;
      const downloadId = randomUUID();
      if (!(await hold(ref.backupId, downloadId))) {
        return undefined;
      }
      try {
        await audit.append({ event: 'download.started', downloadId, ...facts, from, to, sizeBytes: reader.facts.sizeBytes });
      } catch (error) {
        await release(ref.backupId, downloadId);
        throw error;
      }
      onEvent({ outcome: 'started', bytes: 0 });
      return (sink) => {
        const sending = send(transfer, downloadId, sink);
        const settled = sending.catch(() => {}).finally(() => running.delete(settled));
        running.add(settled);
        return sending;
      };
    },

    async ended() {
      await Promise.all(running);
    },
  };
}
