/**
 * When automatic backups are due. A schedule has one window of an hour on some days of the week, in the zone of the site. A run is what
 * became of one window: its key (instance, local date, hour) is unique, so that a window fires once on any number of processes.
 *
 *   started     a backup was asked for                      its task succeeds → succeeded, fails → failed
 *   succeeded   the backup is available                     final
 *   failed      the backup's task failed, all its tries     final
 *   missed      nobody was there while the window was open  final, unless a clock that was ahead said so: then another run takes its place
 */
export type RunState = 'started' | 'succeeded' | 'failed' | 'missed';

export interface Schedule {
  readonly instanceId: string;
  /** ISO numbers, 1 is Monday, ascending; none: no automatic backups. */
  readonly weekDays: readonly number[];
  /** The hour, 0 to 23, at which the window opens. */
  readonly hour: number;
  readonly storageDays: number;
  /** Windows that opened before do not count. */
  readonly activeFrom: number;
}

export interface RunKey {
  readonly instanceId: string;
  /** `yyyy-MM-dd` in the zone of the site. */
  readonly localDate: string;
  readonly hour: number;
}

export interface ScheduleRun extends RunKey {
  readonly opensAt: number;
  readonly state: RunState;
  /** Whether the backup was started after its window had closed, and stands for all that were missed until then. */
  readonly catchUp: boolean;
  /** The task of the backup; null where it was missed. */
  readonly taskId: number | null;
  readonly decidedAt: number;
}

export interface ScheduleStore {
  get(instanceId: string): Promise<Schedule | undefined>;
  /** Writes the schedule of an instance in place of the one that it has; `catalog-conflict` where there is no such instance. */
  put(schedule: Schedule): Promise<void>;
  /** Those that have days, of instances in a state in which backups are expected, in the order of ids. */
  active(): Promise<Schedule[]>;
  /** Lets schedules that would count only from later than `at` count from `at`: a clock that was ahead wrote them. Returns how many. */
  countFrom(at: number): Promise<number>;
  /** Takes the place of a run that was missed; throws `catalog-conflict` where the window has a run in another state. */
  insertRun(run: ScheduleRun): Promise<void>;
  /** The runs of an instance whose windows opened at `opensFrom` or later, oldest first. */
  runs(instanceId: string, opensFrom: number): Promise<ScheduleRun[]>;
  /** The runs in state started. */
  startedRuns(): Promise<ScheduleRun[]>;
  /** started → succeeded or failed; throws `catalog-conflict` where it is not started. */
  endRun(key: RunKey, state: 'succeeded' | 'failed'): Promise<void>;
  /** Drops the runs whose windows opened before; returns how many. */
  pruneRuns(opensBefore: number): Promise<number>;
}
