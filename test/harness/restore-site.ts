import type { RestoreMark, RestoreOptions, RestoreProgress, RestoreRequest } from '../../src/engine/restore-types.ts';
import { runBackup } from '../../src/engine/run-backup.ts';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import { BACKUP_FACTS, BACKUP_ID } from './attempts.ts';
import { type BackupSite, makeBackupSite } from './backup-site.ts';

export const SAFETY_ID = '3e4127f8-affe-11e8-941e-4846fb00c75d';

/** A repository with one backup of `source`. */
export interface RestoreSite extends BackupSite {
  restoreRequest(target: SourceAddress, more?: Partial<RestoreRequest>): RestoreRequest;
}

export async function makeRestoreSite(source: SourceAddress): Promise<RestoreSite> {
  const site = await makeBackupSite();
  await runBackup(site.request(source), { signal: new AbortController().signal, onProgress: () => {} });
  const { storageUrl, keyring } = site.request(source);
  return {
    ...site,
    restoreRequest: ({ host, port, user, password, tls }, more = {}) => ({
      backup: { backupId: BACKUP_ID, attempt: 1 },
      storageUrl,
      keyring,
      target: {
        ...{ host, port },
        ...(user === undefined ? {} : { user }),
        ...(password === undefined ? {} : { password }),
        ...(tls === undefined ? {} : { tls }),
      },
      endpoint: { listen: '127.0.0.1' },
      allowPlainText: false,
      safety: { ref: { backupId: SAFETY_ID, attempt: 1 }, facts: BACKUP_FACTS, memoryCheck: 'warn' },
      replaceExisting: false,
      ttl: { kind: 'keep' },
      dryRun: false,
      ...more,
    }),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
}

/** Options that record what a restore tells. */
export function recordRestore(
  over: Partial<RestoreOptions> = {},
): RestoreOptions & { readonly marks: RestoreMark[]; readonly phases: RestoreProgress['phase'][] } {
  const marks: RestoreMark[] = [];
  const phases: RestoreProgress['phase'][] = [];
  return {
    marks,
    phases,
    signal: over.signal ?? new AbortController().signal,
    onProgress(progress) {
      if (phases.at(-1) !== progress.phase) {
        phases.push(progress.phase);
      }
      over.onProgress?.(progress);
    },
    async mark(mark) {
      marks.push(mark);
      await over.mark?.(mark);
    },
  };
}
