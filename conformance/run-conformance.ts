import { makeDataDir, removeDataDir } from '../test/harness/service.ts';
import type { Result } from './plan.ts';
import { runInNamespace } from './run-in-namespace.ts';
import { runSite } from './run-site.ts';

/** Runs every row of the plan, installing the clients where needed, and tells each result when it is there. */
export async function runConformance(report: (result: Result) => void): Promise<void> {
  const dataDir = await makeDataDir();
  try {
    await runSite('plain', dataDir, report);
    // On the same data, so that there are enough backups to page through.
    await runInNamespace(dataDir, report);
  } finally {
    await removeDataDir(dataDir);
  }
}
