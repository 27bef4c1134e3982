import { open } from 'node:fs/promises';

/** Makes the entries of a directory durable: the files that were made, renamed or removed in it. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
