import type { TaskKind } from './catalog.ts';

/** Setting: until this instant (ms) no backup expires and no data are removed, because the catalog was rebuilt. */
export const EXPIRY_HELD_UNTIL = 'expiry-held-until';

/** How long that is. */
export const EXPIRY_HOLD_MS = 7 * 86_400_000;

/** Setting: number of the newest snapshot that this catalog has begun. A repository with a newer one has seen a newer catalog. */
export const SNAPSHOT_NUMBER = 'snapshot-number';

/** Settings, one for each attempt (`<BackupId>/<attempt>`) without a manifest whose backup no catalog knows: since when it is given up. */
export const ABANDONED_ATTEMPT = 'abandoned-attempt/';

/** Kinds of tasks that may simply run again after the catalog was rebuilt: they look, and change nothing outside the catalog. */
export const REPEATABLE_KINDS: readonly TaskKind[] = ['attach-instance'];

/** Failed tries of a task that was under way when the catalog was lost: more than any kind may have, so that its next claim fails it. */
export const GIVEN_UP_TRIES = 1_000_000;
