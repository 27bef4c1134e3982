/**
 * What somebody should hear of. An event is recorded once for its key, in one transaction with what it tells of, and sent to the webhook
 * until that takes it: at least once, and seldom twice; its id tells.
 */
export const EVENT_KINDS = ['schedule-failed', 'schedule-missed', 'expiry-stopped', 'proof-failed', 'snapshot-failed'] as const;

export type EventKind = (typeof EVENT_KINDS)[number];

export interface NewEvent {
  readonly kind: EventKind;
  /** Names the occurrence and its period: a second event of the same key is not recorded. */
  readonly key: string;
  readonly at: number;
  readonly accountId: string;
  /** `` where it is about no instance. */
  readonly region: string;
  readonly instanceId: string;
  /** What happened and what to do, for a person. */
  readonly message: string;
}

export interface SiteEvent extends NewEvent {
  readonly eventId: number;
  /** How often its delivery was tried in vain. */
  readonly failedTries: number;
  /** When the webhook took it; null while it has not. */
  readonly deliveredAt: number | null;
}

/** Events of an account, and of that region or of none; every member given must hold. */
export interface EventQuery {
  readonly accountId: string;
  readonly region: string;
  /** Only those about one of these instances; none about none where it is given. */
  readonly instanceIds?: readonly string[];
  readonly kinds?: readonly EventKind[];
  /** Inclusive. */
  readonly from?: number;
  /** Inclusive. */
  readonly to?: number;
  readonly limit: number;
  readonly offset: number;
}

export interface EventStore {
  /** False where an event of that key was recorded before. */
  record(event: NewEvent): Promise<boolean>;
  /** The newest events of an account, the newest first. */
  newest(accountId: string, limit: number): Promise<SiteEvent[]>;
  /** One page, the newest first, and how many match in all. */
  list(query: EventQuery): Promise<{ total: number; events: SiteEvent[] }>;
  /**
   * Events since `since` that nobody has taken and whose next try is due at `at`, oldest first, at most 100. A try that would be due later
   * than `latest` is due too: no wait is that long, so that the clock has been set back since.
   */
  undelivered(span: { readonly since: number; readonly at: number; readonly latest: number }): Promise<SiteEvent[]>;
  markDelivered(eventId: number, at: number): Promise<void>;
  /** Counts a try in vain; the next is due at `nextAt`. */
  postpone(eventId: number, nextAt: number): Promise<void>;
  /** Drops events before; returns how many. */
  prune(before: number): Promise<number>;
}
