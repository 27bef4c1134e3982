import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../lib/errors.ts';
import { deriveKey, KEY_BYTES, SEAL_OVERHEAD_BYTES, seal, unseal } from './encryption.ts';

/**
 * The master keys: one active, which seals, and any number that only open what was sealed before a rotation. A key's id is derived from the
 * key, so it cannot be given to another one. Keys never leave this module but by `export`.
 *
 * Text forms: `export` gives the JSON that `keyring.json` holds; `keyringFromText` reads what an operator puts into `REDKEEP_MASTER_KEY`.
 */
export interface Keyring {
  readonly activeKeyId: string;
  /** All key ids, the active one first. */
  readonly keyIds: readonly string[];
  /** Ids of keys that were taken out on purpose, so that an error can tell a removed key from a lost one. */
  readonly removedKeyIds: readonly string[];
  /** Wraps a 32-byte data key under the active key. */
  wrap(dataKey: Uint8Array, aad: Uint8Array): WrappedKey;
  /**
   * Throws `master-key-removed` where the key was taken out of this keyring, `master-key-missing` where it is not in it for another reason,
   * `sealed-data-damaged` where key, aad or bytes differ.
   */
  unwrap(wrapped: WrappedKey, aad: Uint8Array): Buffer;
  /** Seals a small secret, such as an instance's password, for the purpose `label`. Names its key, so it opens after a rotation too. */
  seal(label: string, plain: Uint8Array, aad: Uint8Array): Buffer;
  /** Opens what `seal` made under the same label and aad. Throws as `unwrap` does. */
  open(label: string, sealed: Uint8Array, aad: Uint8Array): Buffer;
  /** Signs a text for the purpose `label`: 41 bytes, which name their key, so that it verifies after a rotation too. */
  sign(label: string, text: Uint8Array): Buffer;
  /** Whether `sign` gave this signature to this text, under the same label and a key that is still in the ring. Anybody may send anything. */
  verifies(label: string, text: Uint8Array, signature: Uint8Array): boolean;
  /** A value that shows, to a holder of the key, that `context` was made under it, and shows nothing else. */
  keyCheck(context: string): KeyCheck;
  /** True where the check was made under a key of this ring; throws `master-key-removed` or `master-key-wrong` where that key is not in it. */
  matches(check: KeyCheck, context: string): boolean;
  /** All keys in the clear, to be kept in a safe place or posted to a worker thread. `importKeyring` reads it. */
  export(): string;
}

export interface WrappedKey {
  readonly keyId: string;
  /** Nonce, encrypted key and tag: 60 bytes. */
  readonly wrapped: Uint8Array;
}

export interface KeyCheck {
  readonly keyId: string;
  /** Base64 of 32 bytes. */
  readonly value: string;
}

/** Key ids are 8 bytes, written as 16 lower-case hex digits. */
export const KEY_ID_BYTES = 8;
export const WRAPPED_KEY_BYTES = KEY_BYTES + SEAL_OVERHEAD_BYTES;

const FORMAT = 'redkeep-keyring';
/** First byte of a sealed secret. */
const SECRET_VERSION = 1;
/** First byte of a signature. */
const SIGNATURE_VERSION = 1;

/** A keyring of one fresh random key. Never make one over a repository or a catalog that holds something: `openKeyring` keeps that rule. */
export function createKeyring(): Keyring {
  return toKeyring([randomBytes(KEY_BYTES)]);
}

/** A keyring with a fresh active key; the keys of `keyring` stay for what they sealed. */
export function rotateKeyring(keyring: Keyring): Keyring {
  const { keys, removed } = readExport(keyring.export());
  return toKeyring([randomBytes(KEY_BYTES), ...keys], removed);
}

/** `keyring` and, for opening only, the keys of `other` that it lacks. What one of them says was removed stays so unless the key is there. */
export function mergeKeyrings(keyring: Keyring, other: Keyring): Keyring {
  const [mine, theirs] = [readExport(keyring.export()), readExport(other.export())];
  const added = theirs.keys.filter((key) => !keyring.keyIds.includes(idOf(key)));
  return toKeyring([...mine.keys, ...added], [...mine.removed, ...theirs.removed]);
}

/** `keyring` without a key, whose id it remembers. Throws `master-key-active` for the active one, `master-key-unknown` for one that it has not. */
export function withoutKey(keyring: Keyring, keyId: string): Keyring {
  if (keyId === keyring.activeKeyId) {
    throw new DomainError('master-key-active', `master key ${keyId} is the active one, which seals new backups`, {
      hint: 'rotate first: `redkeep master-key rotate`',
    });
  }
  if (!keyring.keyIds.includes(keyId)) {
    throw new DomainError('master-key-unknown', `there is no master key ${keyId}, the keyring holds ${keyring.keyIds.join(', ')}`);
  }
  const { keys, removed } = readExport(keyring.export());
  return toKeyring(
    keys.filter((key) => idOf(key) !== keyId),
    [...removed, keyId],
  );
}

/** `keyring`, which knows of further keys that they were removed. */
export function rememberRemoved(keyring: Keyring, keyIds: readonly string[]): Keyring {
  const { keys, removed } = readExport(keyring.export());
  return toKeyring(keys, [...removed, ...keyIds]);
}

/**
 * Reads the text form of `REDKEEP_MASTER_KEY`: base64 of 32 random bytes (44 characters, as `openssl rand -base64 32` prints), or several
 * of them with commas between, the first active and the others for opening only. Throws `master-key-unreadable`.
 */
export function keyringFromText(text: string): Keyring {
  return toKeyring(text.split(',').map((part) => decodeKey(part.trim())));
}

/** Reads what `export` gave. Throws `master-key-unreadable`. */
export function importKeyring(text: string): Keyring {
  const { keys, removed } = readExport(text);
  return toKeyring(keys, removed);
}

/** The text form of `REDKEEP_MASTER_KEY`, which `keyringFromText` reads. */
export function keyringToText(keyring: Keyring): string {
  return readExport(keyring.export())
    .keys.map((key) => key.toString('base64'))
    .join(',');
}

/** The id of the key under which `Keyring.seal` made a secret. Throws `sealed-data-damaged`. */
export function keyIdOfSecret(sealed: Uint8Array): string {
  if (sealed.byteLength < 1 + KEY_ID_BYTES || sealed[0] !== SECRET_VERSION) {
    throw new DomainError('sealed-data-damaged', 'sealed secret does not begin with version 1 and a key id');
  }
  return Buffer.from(sealed.subarray(1, 1 + KEY_ID_BYTES)).toString('hex');
}

function idOf(key: Uint8Array): string {
  return deriveKey(key, 'key-id', KEY_ID_BYTES).toString('hex');
}

function toKeyring(masterKeys: readonly Uint8Array[], removed: readonly string[] = []): Keyring {
  const keys = new Map(masterKeys.map((key) => [idOf(key), key]));
  const removedKeyIds = [...new Set(removed)].filter((keyId) => !keys.has(keyId));
  const [first] = keys;
  if (first === undefined || keys.size !== masterKeys.length) {
    throw unreadable('a keyring holds at least one key and none twice');
  }
  const [activeKeyId, activeKey] = first;

  function keyOf(keyId: string): Uint8Array {
    const key = keys.get(keyId);
    if (key === undefined) {
      throw lacks(keyId, 'master-key-missing', `master key ${keyId} is needed`);
    }
    return key;
  }

  function lacks(keyId: string, code: string, what: string): DomainError {
    if (removedKeyIds.includes(keyId)) {
      return new DomainError('master-key-removed', `${what}, and that key was removed`, {
        hint: 'where an export of it still exists, bring it back with `redkeep master-key import`; without it this cannot be read',
      });
    }
    return new DomainError(code, `${what}, the keyring holds ${[...keys.keys()].join(', ')}`, {
      hint: 'bring the key back with `redkeep master-key import`, or the keyring.json or REDKEEP_MASTER_KEY that was in use',
    });
  }

  function checkValue(key: Uint8Array, context: string): Buffer {
    return deriveKey(key, `key-check/${context}`);
  }

  return {
    activeKeyId,
    keyIds: [...keys.keys()],
    removedKeyIds,

    wrap(dataKey, aad) {
      return { keyId: activeKeyId, wrapped: seal(deriveKey(activeKey, 'wrap'), dataKey, aad) };
    },

    unwrap({ keyId, wrapped }, aad) {
      return unseal(deriveKey(keyOf(keyId), 'wrap'), wrapped, aad);
    },

    seal(label, plain, aad) {
      const header = Buffer.concat([Buffer.from([SECRET_VERSION]), Buffer.from(activeKeyId, 'hex')]);
      return Buffer.concat([header, seal(deriveKey(activeKey, `secret/${label}`), plain, Buffer.concat([header, aad]))]);
    },

    open(label, sealed, aad) {
      const key = keyOf(keyIdOfSecret(sealed));
      const header = sealed.subarray(0, 1 + KEY_ID_BYTES);
      return unseal(deriveKey(key, `secret/${label}`), sealed.subarray(header.byteLength), Buffer.concat([header, aad]));
    },

    sign(label, text) {
      const header = Buffer.concat([Buffer.from([SIGNATURE_VERSION]), Buffer.from(activeKeyId, 'hex')]);
      return Buffer.concat([header, authenticate(activeKey, label, header, text)]);
    },

    verifies(label, text, signature) {
      const header = Buffer.from(signature.subarray(0, 1 + KEY_ID_BYTES));
      const key = keys.get(header.subarray(1).toString('hex'));
      const given = signature.subarray(header.length);
      if (key === undefined || header[0] !== SIGNATURE_VERSION) {
        return false;
      }
      const expected = authenticate(key, label, header, text);
      return given.byteLength === expected.length && timingSafeEqual(given, expected);
    },

    keyCheck(context) {
      return { keyId: activeKeyId, value: checkValue(activeKey, context).toString('base64') };
    },

    matches({ keyId, value }, context) {
      const key = keys.get(keyId);
      if (key === undefined) {
        throw lacks(keyId, 'master-key-wrong', `made under master key ${keyId}`);
      }
      // Texts are compared, because several base64 texts decode to the same bytes; the value is no secret.
      return value === checkValue(key, context).toString('base64');
    },

    export() {
      const written = [...keys].map(([id, key], i) => ({
        id,
        use: i === 0 ? 'active' : 'open-only',
        key: Buffer.from(key).toString('base64'),
      }));
      const removedToo = removedKeyIds.length === 0 ? {} : { removed: removedKeyIds };
      return `${JSON.stringify({ format: FORMAT, version: 1, keys: written, ...removedToo }, null, 2)}\n`;
    },
  };
}

/** HMAC-SHA256 under a key of its own for the purpose. */
function authenticate(masterKey: Uint8Array, label: string, header: Uint8Array, text: Uint8Array): Buffer {
  return createHmac('sha256', deriveKey(masterKey, `sign/${label}`))
    .update(header)
    .update(text)
    .digest();
}

function readExport(text: string): { keys: Buffer[]; removed: string[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // The cause is left out: the parser's message quotes the text, which is key material.
    throw unreadable('the keyring is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || !('format' in parsed) || parsed.format !== FORMAT || !('version' in parsed)) {
    throw unreadable(`the keyring does not say "format": "${FORMAT}"`);
  }
  if (parsed.version !== 1) {
    throw unreadable(`keyring version ${JSON.stringify(parsed.version)} is not 1, the only one that this program reads`);
  }
  if (!('keys' in parsed) || !Array.isArray(parsed.keys)) {
    throw unreadable('the keyring has no list of keys');
  }
  const removed: unknown = 'removed' in parsed ? parsed.removed : [];
  if (!Array.isArray(removed) || !removed.every((keyId) => typeof keyId === 'string' && /^[0-9a-f]{16}$/.test(keyId))) {
    throw unreadable("the keyring's list of removed keys is not made of key ids");
  }
  return { keys: parsed.keys.map((entry: unknown, i) => readEntry(entry, i === 0 ? 'active' : 'open-only')), removed };
}

function readEntry(entry: unknown, use: string): Buffer {
  if (typeof entry !== 'object' || entry === null || !('id' in entry) || !('key' in entry) || !('use' in entry) || entry.use !== use) {
    throw unreadable('a keyring entry needs id, use and key, and the first one alone is "active"');
  }
  const key = decodeKey(typeof entry.key === 'string' ? entry.key : '');
  if (idOf(key) !== entry.id) {
    throw unreadable('a keyring entry does not fit its id: the key was changed');
  }
  return key;
}

function decodeKey(text: string): Buffer {
  const key = Buffer.from(text, 'base64');
  // Buffer.from skips what is not base64; only a text that is the very encoding of its bytes passes.
  if (key.length !== KEY_BYTES || key.toString('base64') !== text) {
    throw unreadable(`a master key is base64 of exactly ${KEY_BYTES} bytes (44 characters), got ${text.length} characters`);
  }
  return key;
}

function unreadable(message: string): DomainError {
  return new DomainError('master-key-unreadable', message, {
    hint: 'bring back keyring.json or REDKEEP_MASTER_KEY from a copy; a new key cannot read old backups',
  });
}
