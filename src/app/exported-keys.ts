import { readFile } from 'node:fs/promises';
import type { DataDir } from '../lib/data-dir.ts';
import { isDomainError } from '../lib/errors.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';
import { loadKeyringFile } from '../repository/keyring-file.ts';

/** The ids of the master keys of which an export was made on this data directory. A damaged note counts as none. */
export async function readExportedKeys(dataDir: DataDir): Promise<readonly string[]> {
  try {
    const { keyIds } = JSON.parse(await readFile(dataDir.exportedKeys, 'utf8')) as { keyIds: unknown };
    return Array.isArray(keyIds) ? keyIds.map(String) : [];
  } catch {
    return [];
  }
}

export async function recordExportedKeys(dataDir: DataDir, keyIds: readonly string[]): Promise<void> {
  const all = new Set([...(await readExportedKeys(dataDir)), ...keyIds]);
  await writeFileDurably(dataDir.exportedKeys, `${JSON.stringify({ keyIds: [...all] })}\n`);
}

/** Whether the keyring of a data directory has an active key of which nobody has an export. False where there is no keyring. */
export async function lacksExport(dataDir: DataDir): Promise<boolean> {
  try {
    const { activeKeyId } = await loadKeyringFile(dataDir.keyring);
    return !(await readExportedKeys(dataDir)).includes(activeKeyId);
  } catch (error) {
    if (isDomainError(error)) {
      return false;
    }
    throw error;
  }
}
