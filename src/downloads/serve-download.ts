import type { IncomingHttpHeaders } from 'node:http';
import { USABLE_STATES } from '../catalog/backup-state.ts';
import type { Backup, BackupState, Catalog } from '../catalog/catalog.ts';
import type { AuditLog } from '../lib/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import { type DomainError, describeError, isDomainError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import type { ShardReader } from '../repository/attempt-reader.ts';
import { isDamage } from '../repository/is-damage.ts';
import type { Repository } from '../repository/repository.ts';
import { isAddressAllowed, type VpcBlocks } from './address-rule.ts';
import { type LinkClaims, type LinkSigner, readLinkPath } from './link.ts';
import { selectBytes } from './range.ts';
import { createRefusalAudit } from './refusal-audit.ts';
import { type Refusal, type RefusalReason, refusals } from './refusals.ts';
import type { Sink } from './send-bytes.ts';
import { createTransfers } from './transfers.ts';

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
  /**
   * Told when stored bytes of a backup could not be read as they were stored: records it, and resolves to false where
   * the repository is gone as a whole, which says nothing of the backup. Never rejects.
   */
  readonly onDamage: (backupId: string, error: DomainError) => Promise<boolean>;
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
  const { catalog, repository, signer, audit, clock, log, vpcs, onDamage, onEvent } = options;
  const transfers = createTransfers(options);
  const auditRefusal = createRefusalAudit(audit, clock);

  async function answer(request: DownloadRequest): Promise<DownloadAnswer> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return toAnswer(refusals.method, request);
    }
    const claims = readLinkPath(signer, request.path);
    const refusal = claims === undefined ? refusals.link : findRefusal(claims, request);
    if (claims === undefined || refusal !== undefined) {
      return refuse(request, refusal ?? refusals.link, claims);
    }
    const backup = await findBackup(claims);
    const reader = backup === undefined ? undefined : await openShard(claims);
    return backup === undefined || reader === undefined
      ? refuse(request, refusals.gone, claims)
      : answerBytes(request, claims, backup, reader);
  }

  /** The backup of a link, while its bytes are there. */
  async function findBackup({ backupId, attempt }: LinkClaims): Promise<Backup | undefined> {
    const backup = await catalog.backups.get(backupId);
    return backup !== undefined && READABLE.has(backup.state) && backup.attempt === attempt ? backup : undefined;
  }

  /** Undefined where the backup was removed since its row was read: nobody holds it yet. */
  async function openShard(claims: LinkClaims): Promise<ShardReader | undefined> {
    try {
      return await (await repository.openAttempt(claims)).openShard(claims.shard);
    } catch (error) {
      if ((await findBackup(claims)) === undefined) {
        return undefined;
      }
      throw error;
    }
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
    const facts = { address: request.address, ...toAuditFields(claims), accountId: backup.accountId, instanceId: backup.instanceId };
    const send = await transfers.begin({ ref: claims, shard: claims.shard, reader, from, to, facts });
    return send === undefined ? refuse(request, refusals.gone, claims) : { ...answered, send };
  }

  return {
    async answer(request) {
      try {
        return await answer(request);
      } catch (error) {
        log.error({ address: request.address, error: describeError(error) }, 'download.not-answered');
        const claims = readLinkPath(signer, request.path);
        const isGone = isDamage(error) && claims !== undefined && !(await onDamage(claims.backupId, error));
        const refusal = isGone ? refusals.unavailable : toFault(error);
        // It may be the audit log itself that fails; nothing has gone out.
        return await refuse(request, refusal, claims).catch(() => toAnswer(refusal, request));
      }
    },
    ended: transfers.ended,
  };
}

function toAuditFields({ backupId, attempt, shard, uin, expiresAt }: LinkClaims): object {
  return { backupId, attempt, shard, linkOf: uin, linkExpiresAt: new Date(expiresAt).toISOString() };
}

function toFault(error: unknown): Refusal {
  if (isDamage(error) || isDomainError(error, 'master-key-missing', 'master-key-removed')) {
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
