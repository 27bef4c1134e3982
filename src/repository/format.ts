import { DomainError } from '../lib/errors.ts';
import { TAG_BYTES } from './encryption.ts';
import type { AttemptRef } from './types.ts';

/**
 * Names, numbers and limits of repository format 1. `docs/repository-format.md` describes it byte by byte; integers are big-endian. A
 * change of anything here is a new format version.
 */
export const FORMAT_VERSION = 1;

export const REPOSITORY_OBJECT = 'repository.json';
export const MANIFEST_NAME = 'manifest';

/** Most bytes of plaintext in one frame. */
export const FRAME_BYTES = 4 * 1024 * 1024;
/** Magic, codec, flags, shard, frame number, plaintext length, stored length. */
export const FRAME_HEADER_BYTES = 20;
export const MAX_STORED_FRAME_BYTES = FRAME_HEADER_BYTES + FRAME_BYTES + TAG_BYTES;
/** Limits that bound what a reader allocates for objects that it reads whole. */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
export const MAX_SECTION_BYTES = 16 * 1024 * 1024;
export const MAX_REPOSITORY_OBJECT_BYTES = 64 * 1024;
export const MAX_SHARDS = 16_384;

const BACKUP_ID = /^[0-9a-z-]{1,64}$/;
const ATTEMPT = /^(0|[1-9][0-9]{0,15})$/;
const SECTION_NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;
const OWN_OBJECT = /^(manifest|index-[0-9]{5}|data-[0-9]{5}-[0-9]{5}|section-[a-z0-9-]{1,64})$/;

/** The prefix under which all objects of one attempt lie. Throws a RangeError for an id or a number that the format cannot hold. */
export function attemptPrefix({ backupId, attempt }: AttemptRef): string {
  if (!BACKUP_ID.test(backupId) || !Number.isSafeInteger(attempt) || attempt < 0) {
    throw new RangeError(
      `backup id ${JSON.stringify(backupId)}, attempt ${attempt}: the id is [0-9a-z-], 1 to 64, the attempt an integer from 0`,
    );
  }
  return `backups/${backupId}/${attempt}/`;
}

export function manifestObject(ref: AttemptRef): string {
  return attemptPrefix(ref) + MANIFEST_NAME;
}

export function indexObject(ref: AttemptRef, shard: number): string {
  return `${attemptPrefix(ref)}index-${fiveDigits(shard)}`;
}

/** A sealed copy of the catalog; higher numbers are newer. */
export function snapshotObject(number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`${number} is not the number of a catalog snapshot`);
  }
  return `catalog/${String(number).padStart(16, '0')}`;
}

/** The number of a catalog snapshot, or undefined where the name is no snapshot's. */
export function parseSnapshotObject(name: string): number | undefined {
  const number = /^catalog\/([0-9]{16})$/.exec(name)?.[1];
  return number !== undefined && Number.isSafeInteger(Number(number)) ? Number(number) : undefined;
}

/** `number` counts the data objects of one shard from 0. */
export function dataObject(ref: AttemptRef, shard: number, number: number): string {
  return `${attemptPrefix(ref)}data-${fiveDigits(shard)}-${fiveDigits(number)}`;
}

export function sectionObject(ref: AttemptRef, name: string): string {
  if (!SECTION_NAME.test(name)) {
    throw new RangeError(`section name ${JSON.stringify(name)} is not 1 to 64 of [a-z0-9-]`);
  }
  return `${attemptPrefix(ref)}section-${name}`;
}

/** The attempt under whose prefix an object lies, or undefined where it lies under none. */
export function parseAttemptPrefix(name: string): AttemptRef | undefined {
  const [root, backupId = '', attempt = '', ...rest] = name.split('/');
  if (root !== 'backups' || rest.length === 0 || !BACKUP_ID.test(backupId) || !ATTEMPT.test(attempt)) {
    return undefined;
  }
  return Number.isSafeInteger(Number(attempt)) ? { backupId, attempt: Number(attempt) } : undefined;
}

/** What an object of an attempt is, or undefined where the name is none that format 1 gives. */
export function parseAttemptObject(name: string): { ref: AttemptRef; isManifest: boolean } | undefined {
  const ref = parseAttemptPrefix(name);
  const own = ref === undefined ? '' : name.slice(attemptPrefix(ref).length);
  return ref !== undefined && OWN_OBJECT.test(own) ? { ref, isManifest: own === MANIFEST_NAME } : undefined;
}

/**
 * What everything sealed in an attempt is bound to, as authenticated data: format, repository, backup and attempt. Bytes that are moved to
 * another place do not open there.
 */
export function attemptContext(repositoryId: string, { backupId, attempt }: AttemptRef): Buffer {
  const context = Buffer.alloc(8 + 2 + 16 + 1 + backupId.length + 8);
  context.write('redkeep\0', 0, 'latin1');
  context.writeUInt16BE(FORMAT_VERSION, 8);
  context.write(repositoryId, 10, 'hex');
  context.writeUInt8(backupId.length, 26);
  context.write(backupId, 27, 'latin1');
  context.writeBigUInt64BE(BigInt(attempt), 27 + backupId.length);
  return context;
}

/** Throws `repository-format-unsupported` unless `version` is the one that this program reads. */
export function assertFormatVersion(version: unknown, what: string): void {
  if (version !== FORMAT_VERSION) {
    throw new DomainError(
      'repository-format-unsupported',
      `${what} has format version ${JSON.stringify(version)}, this program reads ${FORMAT_VERSION}`,
      { hint: 'use the release of Redkeep that wrote it, or a newer one' },
    );
  }
}

export function manifestMissing(ref: AttemptRef, cause?: unknown): DomainError {
  const message = `${manifestObject(ref)} does not exist: attempt ${ref.attempt} of ${ref.backupId} is no backup`;
  return new DomainError('manifest-missing', message, { cause });
}

/** Damage to the stored bytes of a backup. */
export function backupDamaged(object: string, what: string, cause?: unknown): DomainError {
  return new DomainError('backup-damaged', `${object}: ${what}`, {
    hint: 'this backup cannot be trusted; restore from another one and check the storage',
    cause,
  });
}

function fiveDigits(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value > 99_999) {
    throw new RangeError(`${value} is not an integer from 0 to 99999`);
  }
  return String(value).padStart(5, '0');
}
