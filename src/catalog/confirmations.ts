/** What an operator has confirmed, as settings: the instant at which, in milliseconds; good for an hour. */
export const CLOCK_CONFIRMED = 'clock-confirmed';

/** Lets the next expiry of an instance take more than half of its backups. */
export function expiryConfirmed(instanceId: string): string {
  return `expiry-confirmed:${instanceId}`;
}
