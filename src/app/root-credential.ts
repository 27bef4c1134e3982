import { readFile } from 'node:fs/promises';
import { DomainError } from '../lib/errors.ts';
import { createAccessKeyPair } from '../lib/ids.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';

export interface RootCredential {
  readonly secretId: string;
  readonly secretKey: string;
}

/**
 * The root credential: `given` (from the environment) where there is one, else the file at `path`, else a new one that is durable in
 * that file before this resolves. The file has tccli's format. Throws `credential-unreadable` where the file is damaged.
 */
export async function openRootCredential(path: string, given: RootCredential | undefined): Promise<RootCredential> {
  if (given !== undefined) {
    return given;
  }
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      return undefined;
    }
    throw new DomainError('credential-unreadable', `${path} cannot be read`, { cause: error });
  });
  if (text !== undefined) {
    return parseCredential(path, text);
  }
  const credential = createAccessKeyPair();
  await writeFileDurably(path, `${JSON.stringify(credential, null, 2)}\n`);
  return credential;
}

function parseCredential(path: string, text: string): RootCredential {
  try {
    const { secretId, secretKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof secretId === 'string' && typeof secretKey === 'string' && secretId !== '' && secretKey !== '') {
      return { secretId, secretKey };
    }
  } catch {
    // falls through to the one error below
  }
  throw new DomainError('credential-unreadable', `${path} is not {"secretId": …, "secretKey": …}`, {
    hint: 'restore it from a copy, or move it away and a new credential is made at the next start',
  });
}
