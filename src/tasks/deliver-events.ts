import { createHmac } from 'node:crypto';
import type { EventStore, SiteEvent } from '../catalog/events.ts';
import type { Clock } from '../lib/clock.ts';
import { describeError } from '../lib/errors.ts';
import type { Logger } from '../lib/logger.ts';
import { repeat } from './repeat.ts';

/** An event that nobody took for a day is given up; its row stays. */
const GIVE_UP_MS = 86_400_000;
const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 10 * 60_000;
const TIMEOUT_MS = 10_000;
const INTERVAL_MS = 2_000;

export interface Webhook {
  /** May hold a password and is never logged. */
  readonly url: string;
  readonly secret: string;
}

export interface Deliveries {
  readonly events: EventStore;
  readonly webhook: Webhook;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDelivery: (outcome: 'taken' | 'refused') => void;
  readonly signal: AbortSignal;
}

/** Looks every two seconds for events to send. */
export function startSender(site: Omit<Deliveries, 'signal'>): { stop(): Promise<void> } {
  const abort = new AbortController();
  const sending = repeat({
    look: () => deliverEvents({ ...site, signal: abort.signal }),
    intervalMs: INTERVAL_MS,
    log: site.log,
    event: 'webhook.looks-failed',
  });
  return {
    /** Breaks off what is being sent; the next start sends it again. */
    async stop() {
      abort.abort();
      await sending.stop();
    },
  };
}

/**
 * Sends every event that is due to the webhook, oldest first; `docs/retention.md` describes what is sent. Any answer of 2xx takes an event;
 * anything else is tried again, less and less often, for a day. The first one that is not taken ends the look: the receiver is down.
 */
export async function deliverEvents({ events, webhook, clock, log, onDelivery, signal }: Deliveries): Promise<void> {
  const at = clock.now();
  const due = await events.undelivered({ since: at - GIVE_UP_MS, at, latest: at + LONGEST_DELAY_MS });
  for (const event of due) {
    const refusal = await send(webhook, event, clock, signal);
    if (signal.aborted) {
      return;
    }
    onDelivery(refusal === undefined ? 'taken' : 'refused');
    if (refusal !== undefined) {
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** event.failedTries, LONGEST_DELAY_MS);
      await events.postpone(event.eventId, clock.now() + delayMs);
      log.warn({ eventId: event.eventId, kind: event.kind, delayMs, error: refusal }, 'webhook.refused');
      return;
    }
    await events.markDelivered(event.eventId, clock.now());
    log.info({ eventId: event.eventId, kind: event.kind }, 'webhook.delivered');
  }
}

/** Why the receiver did not take the event; undefined where it did. */
async function send(webhook: Webhook, event: SiteEvent, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  const body = JSON.stringify({
    id: event.eventId,
    kind: event.kind,
    key: event.key,
    time: new Date(event.at).toISOString(),
    account: event.accountId,
    region: event.region,
    instance: event.instanceId,
    message: event.message,
  });
  const timestamp = String(Math.floor(clock.now() / 1000));
  try {
    const { address, headers } = splitCredentials(webhook.url);
    const answer = await fetch(address, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'x-redkeep-event': String(event.eventId),
        'x-redkeep-timestamp': timestamp,
        'x-redkeep-signature': `sha256=${signEvent(webhook.secret, timestamp, body)}`,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    await answer.body?.cancel();
    return answer.ok ? undefined : `it answered ${answer.status}`;
  } catch (error) {
    // The message of fetch itself says nothing; its cause names the address at most.
    return describeError(error instanceof Error && error.cause instanceof Error ? error.cause : error);
  }
}

/** User and password of a URL go as Basic (RFC 7617): fetch refuses them in the address, with a message that quotes it whole. */
function splitCredentials(text: string): { address: URL; headers: Record<string, string> } {
  const address = new URL(text);
  const { username, password } = address;
  if (username === '' && password === '') {
    return { address, headers: {} };
  }
  address.username = '';
  address.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { address, headers: { authorization: `Basic ${credentials}` } };
}

/** HMAC-SHA256 of `<timestamp>.<body>` as lower-case hex: who knows the secret can tell that an event is ours, and not an old one sent again. */
export function signEvent(secret: string, timestamp: string, body: string): string {
  return createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
}
