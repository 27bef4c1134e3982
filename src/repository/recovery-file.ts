import { createHash } from 'node:crypto';
import { DomainError } from '../lib/errors.ts';
import { importKeyring, type Keyring, keyringFromText } from './keyring.ts';

/**
 * What an operator keeps of a keyring in a safe place: the keyring as `keyring.json` holds it, after lines that tell what it is, before a
 * line with the SHA-256 of all bytes in front of it. Text throughout, so that it can be printed.
 */
const TITLE = 'redkeep master key recovery, version 1';

/** The recovery text of a keyring. `madeAt` in milliseconds since the Unix epoch. */
export function encodeRecoveryFile(keyring: Keyring, madeAt: number): string {
  const body = `${TITLE}
# Made ${new Date(madeAt).toISOString()}. Whoever holds this can read every backup; without it, or the keyring, nobody can.
# Keep it apart from the backups. To bring it back: redkeep master-key import FILE
${keyring.export()}`;
  return `${body}sha256 ${sha256(body)}\n`;
}

/**
 * Reads a recovery file, and as well what else an operator may have kept: a copy of `keyring.json`, or the text of `REDKEEP_MASTER_KEY`.
 * Throws `recovery-file-damaged` where the checksum does not fit, `master-key-unreadable` where it is none of the three.
 */
export function readRecoveryFile(text: string): Keyring {
  if (!text.startsWith(TITLE)) {
    return text.trimStart().startsWith('{') ? importKeyring(text) : keyringFromText(text);
  }
  const end = /^sha256 ([0-9a-f]{64})\s*$/m.exec(text);
  const body = text.slice(0, end?.index ?? 0);
  if (end === null || sha256(body) !== end[1]) {
    throw new DomainError('recovery-file-damaged', 'the recovery file is not whole: its last line does not fit what stands before it', {
      hint: 'use another copy of it',
    });
  }
  return importKeyring(body.slice(body.indexOf('{')));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
