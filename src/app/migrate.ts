import { migrateCatalog } from '../catalog/open-catalog.ts';
import { Releasers } from '../lib/releasers.ts';
import type { Config } from './config.ts';
import { lockSite } from './site-lock.ts';

/**
 * Brings the schema of a site's catalog up to date, or makes it, and returns the names of the steps that ran. Throws `catalog-too-new` for
 * one that a newer program has migrated, `data-dir-in-use` beside a service, which does the same at its start.
 */
export async function migrateSite(config: Config): Promise<string[]> {
  await using releasers = new Releasers();
  await lockSite(config, releasers);
  return migrateCatalog(config.catalogUrl);
}
