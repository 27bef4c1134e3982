import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { USABLE_STATES } from '../catalog/backup-state.ts';
import type { Backup, BackupState, Catalog } from '../catalog/catalog.ts';
import { LONGEST_HOLD_MS } from '../catalog/lifecycle.ts';
import type { AuditLog } from '../lib/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import { describeError, isDomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { ShardReader } from '../repository/attempt-reader.ts';
import type { Repository } from '../repository/repository.ts';
import { isAddressAllowed, type VpcBlocks } from './address-rule.ts';
import { createFrameCache } from './frame-cache.ts';
import { type LinkClaims, type LinkSigner, readLinkPath } from './link.ts';
import { selectBytes } from './range.ts';
import { createRefusalAudit } from './refusal-audit.ts';
import { type Refusal, type RefusalReason, refusals } from './refusals.ts';
import { type Sink, sendBytes } from './send-bytes.ts';
import { createWriteBudget } from './write-budget.ts';

export interface DownloadRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the client; undefined where it cannot be told. */
  readonly address: string | undefined;
}

/** An answer whose body is either a text or bytes that `send` hands out; neither for HEAD and the like. */
export interface DownloadAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly text?: string;
  /** Called once, after the headers. Throws where the client must not take what it got for the whole: then the connection is to be cut. */
  readonly send?: (sink: Sink) => Promise<void>;
}

export interface DownloadEvent {
  readonly outcome: 'started' | 'finished' | 'aborted' | 'failed' | RefusalReason;
  /** That went out. */
  readonly bytes: number;
}

export interface DownloadsOptions {
  readonly catalog: Catalog;
  readonly repository: Repository;
  readonly signer: LinkSigner;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly vpcs: VpcBlocks;
  /** How long a hold lasts without being prolonged, which it is twice as often; after a crash it keeps the backup so long. Default: 10 min. */
  readonly holdMs?: number;
  /** For metrics; must not throw. */
  readonly onEvent: (event: DownloadEvent) => void;
}

export interface Downloads {
  /** Never rejects. */
  answer(request: DownloadRequest): Promise<DownloadAnswer>;
  /** Resolves when no download is under way; their connections must be closed, or be about to. */
  ended(): Promise<void>;
}

const READABLE: ReadonlySet<BackupState> = new Set(USABLE_STATES);

/**
 * Serves the links that `DescribeBackupUrl` gives: the exact RDB bytes, decoded frame by frame and every frame authenticated before any of
 * it goes out. Whoever may not have them learns nothing but that: signature, expiry and address are looked at before the backup is. What
 * begins is in the audit log before the first byte.
 */
export function createDownloads(options: DownloadsOptions): Downloads {
  const { catalog, repository, signer, audit, clock, log, vpcs, holdMs = 10 * 60_000, onEvent } = options;
  const shared = { frames: createFrameCache(), budget: createWriteBudget() };
  const auditRefusal = createRefusalAudit(audit, clock);
  const running = new Set<Promise<void>>();

  async function answer(request: DownloadRequest): Promise<DownloadAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return toAnswer(refusals.method, request);
    }
    const claims = readLinkPath(signer, request.path);
    const refusal = claims === undefined ? refusals.link : findRefusal(claims, request);
    if (claims === undefined || refusal !== undefined) {
      return refuse(request, refusal ?? refusals.link, claims);
    }
    const backup = await catalog.backups.get(claims.backupId);
    if (backup === undefined || !READABLE.has(backup.state) || backup.attempt !== claims.attempt) {
      return refuse(request, refusals.gone, claims);
    }
    const attempt = await repository.openAttempt(claims);
    return answerBytes(request, claims, backup, await attempt.openShard(claims.shard));
  }

  function findRefusal({ expiresAt, restriction }: LinkClaims, { address }: DownloadRequest): Refusal | undefined {
    if (clock.now() >= expiresAt) {
      return refusals.expired;
    }
    return isAddressAllowed(restriction, address, vpcs) ? undefined : refusals.address;
  }

  async function refuse(request: DownloadRequest, refusal: Refusal, claims: LinkClaims | undefined): Promise<DownloadAnswer> {
    await auditRefusal({ reason: refusal.reason, address: request.address, ...(claims === undefined ? {} : toAuditFields(claims)) });
    onEvent({ outcome: refusal.reason, bytes: 0 });
    return toAnswer(refusal, request);
  }

  async function answerBytes(request: DownloadRequest, claims: LinkClaims, backup: Backup, reader: ShardReader): Promise<DownloadAnswer> {
    const { sizeBytes, sha256 } = reader.facts;
    const etag = `"${sha256}"`;
    const lastModified = new Date(backup.endedAt ?? backup.startedAt).toUTCString();
    const headers = {
      'Accept-Ranges': 'bytes',
      ETag: etag,
      'Last-Modified': lastModified,
      // Whoever stores it in between would serve it to others, past its expiry.
      'Cache-Control': 'private, no-store',
      'X-Content-Type-Options': 'nosniff',
    };
    const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-range': ifRange, range } = request.headers;
    const ranged = request.method === 'GET' ? range : undefined;
    const selection = selectBytes(
      { ifMatch, ifNoneMatch, ifRange: typeof ifRange === 'string' ? ifRange : undefined, range: ranged },
      { etag, lastModified },
      sizeBytes,
    );
    switch (selection.kind) {
      case 'not-modified':
        return { status: 304, headers };
      case 'changed':
        return toAnswer(refusals.changed, request, headers);
      case 'unsatisfiable':
        return toAnswer(refusals.range, request, { ...headers, 'Content-Range': `bytes */${sizeBytes}` });
    }
    const { from, to } = selection.kind === 'part' ? selection : { from: 0, to: sizeBytes };
    const whole = {
      ...headers,
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${claims.fileName}"`,
      'Repr-Digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
      'Content-Length': to - from,
    };
    const answered =
      selection.kind === 'part'
        ? { status: 206, headers: { ...whole, 'Content-Range': `bytes ${from}-${to - 1}/${sizeBytes}` } }
        : { status: 200, headers: whole };
    if (request.method === 'HEAD') {
      return answered;
    }
    const downloadId = randomUUID();
    if (!(await hold(claims.backupId, downloadId))) {
      return refuse(request, refusals.gone, claims);
    }
    try {
      return { ...answered, send: await begin(request, downloadId, claims, backup, reader, { from, to }) };
    } catch (error) {
      await release(claims.backupId, downloadId);
      throw error;
    }
  }

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

  /** Tells the audit log; the returned function does the rest, takes the hold off too, and must be called. */
  async function begin(
    { address }: DownloadRequest,
    downloadId: string,
    claims: LinkClaims,
    backup: Backup,
    reader: ShardReader,
    span: { from: number; to: number },
  ): Promise<(sink: Sink) => Promise<void>> {
    const fields = { downloadId, address, ...toAuditFields(claims), accountId: backup.accountId, instanceId: backup.instanceId };
    await audit.append({ event: 'download.started', ...fields, ...span, sizeBytes: reader.facts.sizeBytes });
    onEvent({ outcome: 'started', bytes: 0 });
    const startedAt = performance.now();
    const name = `${claims.backupId}/${claims.attempt}/${claims.shard}`;

    async function send(sink: Sink): Promise<void> {
      const signal = AbortSignal.any([sink.signal, AbortSignal.timeout(LONGEST_HOLD_MS)]);
      const prolonging = setInterval(() => {
        hold(claims.backupId, downloadId).catch((error: unknown) => {
          log.error({ ...fields, error: describeError(error) }, 'download.not-prolonged');
        });
      }, holdMs / 2).unref();
      let bytes = 0;
      let outcome: 'finished' | 'aborted' | 'failed' = 'failed';
      try {
        await sendBytes(shared, { name, reader }, span, { ...sink, signal, write: (part) => sink.write(part) }, (sent) => {
          bytes += sent;
        });
        outcome = 'finished';
      } catch (error) {
        outcome = signal.aborted ? 'aborted' : 'failed';
        if (outcome === 'failed') {
          log.error({ ...fields, error: describeError(error) }, 'download.failed');
        }
        throw error;
      } finally {
        clearInterval(prolonging);
        onEvent({ outcome, bytes });
        await release(claims.backupId, downloadId);
        const durationMs = Math.round(performance.now() - startedAt);
        await audit.append({ event: `download.${outcome}`, ...fields, bytes, durationMs }).catch((error: unknown) => {
          log.error({ ...fields, error: describeError(error) }, 'download.not-audited');
        });
      }
    }

    return (sink) => {
      const sending = send(sink);
      const settled = sending.catch(() => {}).finally(() => running.delete(settled));
      running.add(settled);
      return sending;
    };
  }

  return {
    async answer(request) {
      try {
        return await answer(request);
      } catch (error) {
        const refusal = toFault(error);
        log.error({ address: request.address, error: describeError(error) }, 'download.not-answered');
        onEvent({ outcome: refusal.reason, bytes: 0 });
        return toAnswer(refusal, request);
      }
    },
    async ended() {
      await Promise.all(running);
    },
  };
}

function toAuditFields({ backupId, attempt, shard, uin, expiresAt }: LinkClaims): object {
  return { backupId, attempt, shard, linkOf: uin, linkExpiresAt: new Date(expiresAt).toISOString() };
}

function toFault(error: unknown): Refusal {
  if (isDomainError(error, 'backup-damaged', 'manifest-missing', 'master-key-missing', 'master-key-removed')) {
    return refusals.damaged;
  }
  return isDomainError(error, 'storage-unavailable', 'catalog-unavailable', 'audit-unavailable') ? refusals.unavailable : refusals.fault;
}

function toAnswer(refusal: Refusal, { method }: DownloadRequest, headers: DownloadAnswer['headers'] = {}): DownloadAnswer {
  const text = `${refusal.code}: ${refusal.text}\n`;
  const all = {
    'Cache-Control': 'no-store',
    ...headers,
    ...refusal.headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  };
  return method === 'HEAD' ? { status: refusal.status, headers: all } : { status: refusal.status, headers: all, text };
}
