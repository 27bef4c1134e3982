import { openCatalog } from '../catalog/open-catalog.ts';
import type { Environment } from '../lib/data-dir.ts';
import { openRepository } from '../repository/repository.ts';
import { openStorage } from '../storage/registry.ts';
import { checkAttempts, listAttempts } from './check-attempts.ts';
import { checkHolds, checkInstances } from './check-instances.ts';
import { checkRows } from './check-rows.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSnapshots } from './check-snapshots.ts';
import { readConfig, type ServeOptions } from './config.ts';
import { judgeKeyring } from './key-history.ts';
import { loadSiteKeyring } from './open-site-keyring.ts';
import { repositoryIdOf } from './open-site-repository.ts';

export interface CheckReport {
  /** Backups whose bytes were read. */
  readonly backups: number;
  /** Stored bytes that were read. */
  readonly storedBytes: number;
  readonly findings: readonly Finding[];
}

export interface Finding {
  /** A backup id, an instance id, a task, an object's name, `repository` or `catalog`. */
  readonly subject: string;
  /** What is wrong, one sentence. */
  readonly problem: string;
}

/** Takes a finding. */
export type Report = (subject: string, problem: string) => void;

/**
 * Lets the database check itself, compares catalog and repository and reads every stored byte. It changes nothing, and finds nothing wrong
 * where a service merely works beside it: objects are listed before rows are read, so the row of everything that was seen exists already;
 * and the objects of a backup are compared with its manifest after its row was read, so that it is whole by then.
 */
export async function check(options: ServeOptions, env: Environment): Promise<CheckReport> {
  const config = readConfig(options, env);
  const ring = await loadSiteKeyring(config);
  const catalog = await openCatalog(config.catalogUrl, { readOnly: true });
  try {
    const keyring = await judgeKeyring(catalog, ring);
    const findings: Finding[] = [];
    const report: Report = (subject, problem) => void findings.push({ subject, problem });
    for (const damage of await catalog.findDamage()) {
      report('catalog', damage);
    }
    if (findings.length > 0) {
      // What a damaged database says of backups proves nothing, neither for nor against them.
      return { backups: 0, storedBytes: 0, findings };
    }
    const storage = await openStorage(config.storageUrl);
    const repository = await openRepository(storage, keyring);
    if ((await repositoryIdOf(catalog)) !== repository.repositoryId) {
      report('repository', 'it belongs to another catalog');
    }
    const attempts = await listAttempts(repository, report);
    await checkSnapshots(repository, report);
    await checkSecrets(catalog, keyring, report);
    await catalog.transaction((tables) => checkAttempts(tables, attempts, report));
    await catalog.transaction((tables) => checkInstances(tables, report));
    await catalog.transaction((tables) => checkHolds(tables, report));
    return { ...(await checkRows({ catalog, repository, storage }, report)), findings };
  } finally {
    await catalog.close();
  }
}
