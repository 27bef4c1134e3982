import { attemptPrefix, dataObject, indexObject, manifestObject, parseAttemptObject, sectionObject } from '../repository/format.ts';
import type { Manifest } from '../repository/types.ts';
import type { ObjectStorage } from '../storage/object-storage.ts';

/**
 * How the objects of a whole attempt differ from what its manifest names. Names that no part of the repository has are left out: whoever
 * lists all attempts sees those.
 */
export async function compareObjects(storage: ObjectStorage, manifest: Manifest): Promise<{ missing: string[]; unnamed: string[] }> {
  const missing = new Set(namedObjects(manifest));
  const unnamed: string[] = [];
  for await (const { name } of storage.list(attemptPrefix(manifest))) {
    if (!missing.delete(name) && parseAttemptObject(name) !== undefined) {
      unnamed.push(name);
    }
  }
  return { missing: [...missing], unnamed };
}

function namedObjects(manifest: Manifest): string[] {
  return [
    manifestObject(manifest),
    ...manifest.shards.flatMap(({ objectBytes }, shard) => [
      indexObject(manifest, shard),
      ...objectBytes.map((_, number) => dataObject(manifest, shard, number)),
    ]),
    ...manifest.sections.map(({ name }) => sectionObject(manifest, name)),
  ];
}
