import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { Catalog } from '../catalog/catalog.ts';
import { CLOCK_CONFIRMED } from '../catalog/confirmations.ts';

/** What the clocks of this machine showed at one moment. */
export interface ClockReading {
  /** Of the wall clock, which anybody may set. */
  readonly wallMs: number;
  /** Since the machine booted, time asleep included (CLOCK_BOOTTIME on Linux); nobody sets it. */
  readonly uptimeMs: number;
  /** Names the boot that the uptime counts from; `` where the system does not tell. */
  readonly bootId: string;
}

/** A wall clock that is further off is not believed. */
export const MOST_DRIFT_MS = 3_600_000;
/** How old the record grows. */
const RECORD_MS = 86_400_000;

const TRUSTED = 'trusted-clock';

export function readClock(): ClockReading {
  return { wallMs: Date.now(), uptimeMs: uptime() * 1000, bootId: readBootId() };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * How far the wall clock is ahead of where it must be (behind: negative), by the last reading that was believed. After another boot
 * nothing tells how long the machine was off, so that only a clock that went backwards is known to be wrong.
 */
export function driftOf(trusted: ClockReading, now: ClockReading): number {
  const passedMs = now.wallMs - trusted.wallMs;
  if (trusted.bootId !== '' && trusted.bootId === now.bootId) {
    return passedMs - (now.uptimeMs - trusted.uptimeMs);
  }
  return Math.min(0, passedMs);
}

/**
 * The drift of the wall clock by the catalog's record; 0 where it is to be believed. A reading that an operator has confirmed within the last
 * hour becomes the record, and so does one that is believed a day after the last: in between small steps add up, and an idle catalog does
 * not change. A reading that is not believed leaves the record alone, so that a clock that comes back is believed again by itself.
 */
export async function watchClock({ settings }: Catalog, now: ClockReading): Promise<number> {
  const recorded = await settings.get(TRUSTED);
  const trusted = recorded === undefined ? undefined : (JSON.parse(recorded) as ClockReading);
  const drift = trusted === undefined ? 0 : driftOf(trusted, now);
  const isOff = Math.abs(drift) > MOST_DRIFT_MS;
  if (isOff && Math.abs(now.wallMs - (Number(await settings.get(CLOCK_CONFIRMED)) || 0)) > MOST_DRIFT_MS) {
    return drift;
  }
  if (isOff || trusted?.bootId !== now.bootId || now.wallMs - trusted.wallMs >= RECORD_MS) {
    await settings.set(TRUSTED, JSON.stringify(now));
  }
  return 0;
}
