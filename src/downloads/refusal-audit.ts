import type { AuditLog } from '../lib/audit-log.ts';
import type { Clock } from '../lib/clock.ts';
import type { RefusalReason } from './refusals.ts';

/** Anybody can send made-up links, so that only so many of them are recorded in a second; links that were signed here are all recorded. */
const MOST_FORGED_A_SECOND = 10;

/** Records refusals; the first entry of made-up links in a second tells how many were left out before it. */
export function createRefusalAudit(
  audit: AuditLog,
  clock: Clock,
): (refusal: { reason: RefusalReason; [field: string]: unknown }) => Promise<void> {
  let second = 0;
  let recorded = 0;
  let leftOut = 0;
  return async (refusal) => {
    if (refusal.reason !== 'link-invalid') {
      await audit.append({ event: 'download.refused', ...refusal });
      return;
    }
    const now = Math.floor(clock.now() / 1000);
    if (now !== second) {
      second = now;
      recorded = 0;
    }
    if (recorded === MOST_FORGED_A_SECOND) {
      leftOut++;
      return;
    }
    recorded++;
    const before = leftOut;
    leftOut = 0;
    await audit.append({ event: 'download.refused', ...refusal, ...(before === 0 ? {} : { leftOut: before }) });
  };
}
