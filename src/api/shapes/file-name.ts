import type { Backup } from '../../catalog/catalog.ts';
import { formatWireTime } from './wire-time.ts';

/** What a downloaded RDB is called: instance, start in UTC+8, backup. Letters, digits, `-` and `.` only, so that it needs no escape anywhere. */
export function toFileName({ instanceId, startedAt, backupId }: Backup): string {
  return `${instanceId}-${formatWireTime(startedAt).replaceAll(/\D/g, '')}-${backupId}.rdb`;
}
