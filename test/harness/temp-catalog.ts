import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { openCatalog } from '../../src/catalog/open-catalog.ts';

export interface TempCatalog extends AsyncDisposable {
  readonly catalog: Catalog;
  readonly directory: string;
  readonly path: string;
  readonly url: string;
}

/** A fresh SQLite catalog in a directory of its own; both go when it is disposed of. */
export async function openTempCatalog(): Promise<TempCatalog> {
  const directory = await mkdtemp(join(tmpdir(), 'redkeep-catalog-'));
  const path = join(directory, 'catalog.db');
  const url = `sqlite://${path}`;
  const catalog = await openCatalog(url);
  return {
    catalog,
    directory,
    path,
    url,
    async [Symbol.asyncDispose]() {
      await catalog.close();
      await rm(directory, { recursive: true });
    },
  };
}
