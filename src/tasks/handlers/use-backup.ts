import type { Catalog, CatalogTables } from '../../catalog/catalog.ts';
import type { Holder } from '../../catalog/lifecycle.ts';
import { describeError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { isDamage } from '../../repository/is-damage.ts';
import { type AlarmSite, recordDamage } from './bad-backup.ts';

/** What a crash leaves on the backup at the most. */
const HOLD_MS = 3_600_000;
const PROLONG_MS = HOLD_MS / 4;

/**
 * Runs `work` on a backup that is held meanwhile, so that nothing removes its bytes. Throws `catalog-conflict` where it has none any more. The
 * result is to be recorded through `end`, which takes the hold off in the same transaction; where `work` throws, it is taken off here, and
 * damage of that backup recorded.
 */
export async function useBackup<T>(
  site: AlarmSite & { readonly catalog: Catalog; readonly log: Logger },
  backupId: string,
  holder: Holder,
  work: () => Promise<T>,
): Promise<{ result: T; end: (tables: CatalogTables) => Promise<void> }> {
  const { catalog, clock, log } = site;
  const hold = () => {
    const at = clock.now();
    return catalog.lifecycle.hold(backupId, holder, { at, until: at + HOLD_MS });
  };
  // A hold ends by itself: what cannot be done now, time does.
  const warn = (error: unknown) => log.warn({ backupId, holder, error: describeError(error) }, 'backup.hold-failed');
  await hold();
  const timer = setInterval(() => void hold().catch(warn), PROLONG_MS);
  try {
    return { result: await work(), end: (tables) => tables.lifecycle.release(backupId, holder) };
  } catch (error) {
    try {
      if (isDamage(error)) {
        await catalog.transaction((tables) => recordDamage(tables, backupId, describeError(error), site));
      }
    } finally {
      await catalog.lifecycle.release(backupId, holder).catch(warn);
    }
    throw error;
  } finally {
    clearInterval(timer);
  }
}
