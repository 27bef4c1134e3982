import type { Task } from '../../catalog/catalog.ts';
import { DomainError } from '../../lib/errors.ts';

/**
 * Throws `order-outdated` where what cannot be undone was asked for too long ago: the service was down, and since then the data have gone
 * their own way.
 */
export function requireRecent({ createdAt }: Task, now: number, longestMs: number): void {
  if (Math.abs(now - createdAt) > longestMs) {
    throw new DomainError('order-outdated', `it was asked for at ${new Date(createdAt).toISOString()}, and nothing was changed`, {
      hint: 'ask for it again where it is still wanted',
    });
  }
}
