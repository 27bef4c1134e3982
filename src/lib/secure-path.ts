import { join, sep } from 'node:path';
import { DomainError } from './errors.ts';

/** Longest object name in bytes: what S3 allows (1,024), less room for a bucket prefix. */
const MAX_NAME_LENGTH = 900;
/** Longest segment: common file systems allow 255 bytes. */
const MAX_SEGMENT_LENGTH = 200;

/**
 * A segment begins with a letter or a digit or `_`, so that `.`, `..`, hidden files and option-like names cannot be spelled. Only ASCII:
 * no two names look alike after a file system has normalised or folded them, apart from letter case, which Redkeep never relies on.
 */
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** True where `name` is a legal object name: `/`-separated segments of `[A-Za-z0-9._-]`, none empty, none beginning with `.` or `-`. */
export function isObjectName(name: string): boolean {
  return (
    name.length <= MAX_NAME_LENGTH && name.split('/').every((segment) => segment.length <= MAX_SEGMENT_LENGTH && SEGMENT.test(segment))
  );
}

/** Throws `object-name-invalid` unless `name` is a legal object name. */
export function assertObjectName(name: string): void {
  if (!isObjectName(name)) {
    throw invalidName('name', name);
  }
}

/** Throws `object-name-invalid` unless `prefix` is empty or the beginning of a legal object name. */
export function assertObjectPrefix(prefix: string): void {
  // A prefix is legal exactly where one more letter makes a legal name of it.
  if (!isObjectName(`${prefix}x`)) {
    throw invalidName('prefix', prefix);
  }
}

/** The path of object `name` below the directory `root`. Throws `object-name-invalid`: the result cannot leave the root. */
export function toSecurePath(root: string, name: string): string {
  assertObjectName(name);
  return join(root, name.replaceAll('/', sep));
}

function invalidName(what: string, value: string): DomainError {
  const shown = JSON.stringify(value.slice(0, 80));
  return new DomainError(
    'object-name-invalid',
    `object ${what} ${shown} is not made of /-separated segments of [A-Za-z0-9._-] that begin with a letter, a digit or _, ` +
      `at most ${MAX_SEGMENT_LENGTH} each and ${MAX_NAME_LENGTH} in all`,
  );
}
