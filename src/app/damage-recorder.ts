import type { Catalog } from '../catalog/catalog.ts';
import type { DownloadsOptions } from '../downloads/serve-download.ts';
import { requireDamage } from '../engine/require-damage.ts';
import { describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { type AlarmSite, recordDamage } from '../tasks/handlers/bad-backup.ts';

/** What downloads tell of damage: a backup is recorded as bad once it is known that the repository around it is there. */
export function createDamageRecorder(
  { storageUrl }: { readonly storageUrl: string },
  site: AlarmSite & { readonly catalog: Catalog; readonly keyring: () => string; readonly log: Logger },
): DownloadsOptions['onDamage'] {
  const { catalog, keyring, log } = site;
  return async (backupId, error) => {
    try {
      await requireDamage(error, { storageUrl, keyring: keyring() });
    } catch {
      return false;
    }
    try {
      await catalog.transaction((tables) => recordDamage(tables, backupId, describeError(error), site));
    } catch (failure) {
      log.error({ backupId, error: describeError(failure) }, 'download.damage-not-recorded');
    }
    return true;
  };
}
