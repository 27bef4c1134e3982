import type { BackupState } from '../../src/catalog/catalog.ts';
import type { ProofState } from '../../src/catalog/lifecycle.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface ModelBackup {
  readonly id: string;
  readonly instance: string;
  readonly startedAt: number;
  readonly expiresAt: number;
  state: BackupState;
  endedAt: number;
  locked: boolean;
  heldUntil: number;
  holds: Map<string, number>;
  proof: ProofState;
  removableAt: number;
  deletedAt: number;
}

/** What docs/retention.md says, as plainly as it can be said: lists in memory, no queries, nothing of the product. */
export class RetentionModel {
  readonly backups: ModelBackup[] = [];
  readonly detached = new Set<string>();
  readonly alarms = new Set<string>();
  readonly removals = new Set<string>();
  wall: number;
  uptime = 1_000;
  trusted: { wall: number; uptime: number } | undefined;
  clockConfirmed = Number.NEGATIVE_INFINITY;
  readonly expiryConfirmed = new Map<string, number>();
  readonly keepMin: number;

  constructor(wall: number, keepMin: number) {
    this.wall = wall;
    this.keepMin = keepMin;
  }

  usable(instance: string): ModelBackup[] {
    return this.backups
      .filter((backup) => backup.instance === instance && ['available', 'converting', 'converted'].includes(backup.state))
      .sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  }

  floor(instance: string): Set<ModelBackup> {
    const usable = this.usable(instance);
    const newestOf = (backups: readonly ModelBackup[]) => [
      ...backups.filter(({ proof }) => proof === 'proven').slice(0, 1),
      ...backups.filter(({ proof }) => proof !== 'failed').slice(0, this.keepMin),
    ];
    return new Set([...newestOf(usable), ...newestOf(usable.filter(({ startedAt }) => startedAt <= this.wall))]);
  }

  /** What keeps a backup from expiring now; `` where nothing does. */
  obstacle(backup: ModelBackup, force = false): '' | 'state' | 'locked' | 'held' | 'floor' {
    if (backup.state !== 'available' && backup.state !== 'converted') {
      return 'state';
    }
    if (backup.locked) {
      return 'locked';
    }
    if (backup.heldUntil > this.wall) {
      return 'held';
    }
    return !force && this.floor(backup.instance).has(backup) ? 'floor' : '';
  }

  look(): void {
    const drift = this.trusted === undefined ? 0 : this.wall - this.trusted.wall - (this.uptime - this.trusted.uptime);
    const isOff = Math.abs(drift) > HOUR_MS;
    if (isOff && Math.abs(this.wall - this.clockConfirmed) > HOUR_MS) {
      this.alarms.add(`clock ${dayOf(this.wall)}`);
      return;
    }
    if (isOff || this.trusted === undefined || this.wall - this.trusted.wall >= DAY_MS) {
      this.trusted = { wall: this.wall, uptime: this.uptime };
    }
    for (const instance of new Set(this.backups.map((backup) => backup.instance))) {
      this.#expire(instance);
    }
    for (const backup of this.backups) {
      if (backup.state === 'expired' && backup.removableAt <= this.wall) {
        this.removals.add(backup.id);
      }
    }
    const dropped = ({ state, deletedAt, endedAt }: ModelBackup) =>
      (state === 'deleted' && deletedAt <= this.wall - 90 * DAY_MS) || (state === 'failed' && endedAt <= this.wall - 30 * DAY_MS);
    this.backups.splice(0, this.backups.length, ...this.backups.filter((backup) => !dropped(backup)));
  }

  #expire(instance: string): void {
    if (this.detached.has(instance)) {
      return;
    }
    const going = this.backups.filter(
      (backup) => backup.instance === instance && backup.expiresAt <= this.wall && this.obstacle(backup) === '',
    );
    if (going.length * 2 > this.usable(instance).length) {
      if (Math.abs(this.wall - (this.expiryConfirmed.get(instance) ?? Number.NEGATIVE_INFINITY)) > HOUR_MS) {
        this.alarms.add(`${instance} ${dayOf(this.wall)}`);
        return;
      }
      this.expiryConfirmed.delete(instance);
    }
    for (const backup of going) {
      backup.state = 'expired';
      backup.removableAt = this.wall + DAY_MS;
    }
  }
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
