import { DomainError } from '../lib/errors.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';
import { assertFormatVersion, FORMAT_VERSION, MAX_REPOSITORY_OBJECT_BYTES, REPOSITORY_OBJECT } from './format.ts';
import type { KeyCheck, Keyring } from './keyring.ts';

const FORMAT = 'redkeep-repository';

/** `repository.json`: what this is, in which version, whose id, and a value by which a wrong master key is recognised. */
export function encodeRepositoryObject(keyring: Keyring, repositoryId: string): Buffer {
  return encode(repositoryId, keyring.keyCheck(checkContext(repositoryId)));
}

/** Returns the repository's id and the key of its key check. Throws as `openRepository` does. */
export async function readRepositoryObject(storage: ObjectStorage, keyring: Keyring): Promise<{ repositoryId: string; keyId: string }> {
  const status = await storage.stat(REPOSITORY_OBJECT);
  if (status === undefined) {
    throw new DomainError('repository-missing', `${storage.url} holds no repository`);
  }
  if (status.sizeBytes > MAX_REPOSITORY_OBJECT_BYTES) {
    throw damaged(`it has ${status.sizeBytes} bytes, at most ${MAX_REPOSITORY_OBJECT_BYTES} are allowed`);
  }
  const bytes = await storage.read(REPOSITORY_OBJECT);
  const { version, repositoryId, keyCheck } = parse(bytes);
  // A later version may mean anything by the rest, so nothing of it is looked at before.
  assertFormatVersion(version, 'the repository');
  if (typeof repositoryId !== 'string' || !/^[0-9a-f]{32}$/.test(repositoryId) || !isKeyCheck(keyCheck)) {
    throw damaged('repositoryId or keyCheck is missing or malformed');
  }
  // Only the very bytes that this version writes pass: no change goes unnoticed.
  if (!encode(repositoryId, keyCheck).equals(bytes)) {
    throw damaged('it is not as format 1 writes it');
  }
  if (!keyring.matches(keyCheck, checkContext(repositoryId))) {
    throw damaged('repositoryId and keyCheck do not belong together');
  }
  return { repositoryId, keyId: keyCheck.keyId };
}

function encode(repositoryId: string, { keyId, value }: KeyCheck): Buffer {
  return Buffer.from(`${JSON.stringify({ format: FORMAT, version: FORMAT_VERSION, repositoryId, keyCheck: { keyId, value } }, null, 2)}\n`);
}

function parse(bytes: Buffer): { format: unknown; version?: unknown; repositoryId?: unknown; keyCheck?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (error) {
    throw damaged('it is not JSON', error);
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT) {
    throw damaged(`it does not say "format": "${FORMAT}"`);
  }
  return value;
}

function isKeyCheck(value: unknown): value is KeyCheck {
  return (
    typeof value === 'object' &&
    value !== null &&
    'keyId' in value &&
    typeof value.keyId === 'string' &&
    /^[0-9a-f]{16}$/.test(value.keyId) &&
    'value' in value &&
    typeof value.value === 'string'
  );
}

function checkContext(repositoryId: string): string {
  return `repository/${FORMAT_VERSION}/${repositoryId}`;
}

function damaged(what: string, cause?: unknown): DomainError {
  return new DomainError('repository-damaged', `${REPOSITORY_OBJECT}: ${what}`, {
    hint: 'bring it back from a copy; all of it but the key check stays the same as long as the repository lives',
    cause,
  });
}
