import type { AccessKeyStore, PolicyStore, UserStore } from './access.ts';
import type { DownloadRestrictionStore } from './download-restriction.ts';
import type { EventStore } from './events.ts';
import type { BackupLife, LifecycleStore } from './lifecycle.ts';
import type { RecoveryStore } from './recovery.ts';
import type { RestoreStore } from './restores.ts';
import type { ScheduleStore } from './schedules.ts';
import type { SealedStore } from './sealed-columns.ts';
import type { TagStore } from './tags.ts';

/**
 * The catalog: everything that Redkeep knows, in SQL. Instants are milliseconds since the Unix epoch. Callers see records and verbs, never
 * SQL or a database's error: whatever the database raises comes out as DomainError `catalog-unavailable` (or `catalog-conflict` where a
 * unique key, a reference or an expected state was not met).
 *
 * Reads outside a transaction see what is committed and wait for no transaction. Writes happen one after the other.
 */
export interface Catalog extends CatalogTables {
  /**
   * Runs `work` in one transaction; its tables are bound to it. Rolled back where `work` throws, durable when this resolves. `work` writes
   * through its own tables only: a write through the catalog waits for the transaction's end, and so would never return.
   */
  transaction<T>(work: (tables: CatalogTables) => Promise<T>): Promise<T>;
  /**
   * What the database itself finds wrong with its pages, indexes and references, one sentence each. Reads all of it; safe beside a process
   * that serves.
   */
  findDamage(): Promise<string[]>;
  /** A text that differs after something was committed through this catalog; it may differ after something that was not. */
  revision(): Promise<string>;
  close(): Promise<void>;
}

export interface CatalogTables {
  readonly settings: SettingStore;
  readonly instances: InstanceStore;
  readonly backups: BackupStore;
  /** What happens to backups after they were taken. */
  readonly lifecycle: LifecycleStore;
  readonly schedules: ScheduleStore;
  readonly events: EventStore;
  readonly tasks: TaskStore;
  readonly users: UserStore;
  readonly accessKeys: AccessKeyStore;
  readonly policies: PolicyStore;
  readonly sealed: SealedStore;
  readonly recovery: RecoveryStore;
  readonly downloadRestrictions: DownloadRestrictionStore;
  readonly tags: TagStore;
  readonly restores: RestoreStore;
}

/** Facts of the catalog itself, such as `repository-id` and `account-id`. */
export interface SettingStore {
  get(name: string): Promise<string | undefined>;
  /** Every setting whose name begins with `prefix`, by what follows it, in order of name. */
  below(prefix: string): Promise<Map<string, string>>;
  /** Stores `value`, whatever was there. */
  set(name: string, value: string): Promise<void>;
  /** Stores `value` unless the name is set already, and returns what is stored now. */
  setOnce(name: string, value: string): Promise<string>;
}

export type InstanceKind = 'attached' | 'managed';
/**
 * attaching: not looked at yet. creating: ordered, its server was never started. starting: its server is being started. online: serves.
 * restoring: a backup is taking the place of its data, or is merged into them. changing: its server is given another password or limit. isolating, isolated: its server is being ended, is ended, its data kept. cleaning: its data are being removed. detached: kept for its
 * backups alone. failed: its server never came up; no API lists it, and the next start of the service removes it. See `instance-state.ts`.
 */
export type InstanceState =
  | 'attaching'
  | 'creating'
  | 'starting'
  | 'online'
  | 'restoring'
  | 'changing'
  | 'isolating'
  | 'isolated'
  | 'cleaning'
  | 'detached'
  | 'failed';

export interface Instance {
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly kind: InstanceKind;
  readonly state: InstanceState;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `InstanceSecrets` as JSON, sealed by the master key; opaque here. */
  readonly sealedSecrets: Uint8Array;
  readonly tls: boolean;
  /** `redis`, `valkey` or `unknown`; `` until the first look. */
  readonly serverKind: string;
  /** Such as `7.0.15`; `` until the first look. */
  readonly serverVersion: string;
  readonly usedMemoryBytes: number;
  readonly maxMemoryBytes: number;
  /** As last looked at; of a managed instance the number that was ordered. */
  readonly replicas: number;
  readonly createdAt: number;
  /** Since when it serves no more: isolated or detached. */
  readonly detachedAt: number | null;
  /** 0: none was named. */
  readonly zoneId: number;
  readonly projectId: number;
  /** Whether it may not be isolated. */
  readonly deleteProtection: boolean;
  /** Whether backups may be read from a replica that it lists. */
  readonly preferReplica: boolean;
}

/** What the sealed secrets of an instance are, opened. PEM texts. */
export interface InstanceSecrets {
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface InstanceStore {
  /** Throws `catalog-conflict` where the id is taken. */
  insert(instance: Instance): Promise<void>;
  get(instanceId: string): Promise<Instance | undefined>;
  /** Instances of one account and region, oldest first; `detached` and `failed` ones only where asked for. */
  list(query: InstanceQuery): Promise<{ total: number; instances: Instance[] }>;
  /** The ids of all instances of an account and region, whatever their state. */
  ids(accountId: string, region: string): Promise<string[]>;
  /** What servers the instances of an account and region are, whatever their state, each once. */
  engines(accountId: string, region: string): Promise<ServerEngine[]>;
  /**
   * How many managed instances of all accounts have a server or are to get one, and how much memory they may take up in all; what one is
   * about to have more, by a task that has not ended, counts.
   */
  managedTotals(): Promise<{ instances: number; maxMemoryBytes: number; ports: number[] }>;
  /** Records what a look at the source told and turns `attaching` or `starting` to `online`; throws `catalog-conflict` in another state. */
  recordLook(instanceId: string, facts: InstanceFacts): Promise<void>;
  /** Changes host and port of a managed instance that was started elsewhere; throws `catalog-conflict` where there is none. */
  relocate(instanceId: string, host: string, port: number): Promise<void>;
  /** online → detached; throws `catalog-conflict` where it is not online. */
  detach(instanceId: string, at: number): Promise<void>;
  /** Changes the state; throws `catalog-conflict` where it is not `from`. `isolated` and `detached` take `at`, unless it is known already. */
  move(instanceId: string, from: InstanceState, to: InstanceState, at: number): Promise<void>;
  /** Throws `catalog-conflict` where there is no such instance. */
  update(
    instanceId: string,
    change: Partial<Pick<Instance, 'name' | 'projectId' | 'deleteProtection' | 'sealedSecrets' | 'maxMemoryBytes'>>,
  ): Promise<void>;
  /** Removes an instance that never came about; throws `catalog-conflict` where it is neither attaching nor failed, or has backups. */
  discard(instanceId: string): Promise<void>;
}

/** Which server an instance is. */
export interface ServerEngine {
  readonly serverKind: string;
  readonly serverVersion: string;
}

export interface InstanceFacts {
  readonly serverKind: string;
  readonly serverVersion: string;
  readonly usedMemoryBytes: number;
  readonly maxMemoryBytes: number;
  readonly replicas: number;
}

export interface InstanceQuery {
  readonly accountId: string;
  readonly region?: string;
  readonly instanceIds?: readonly string[];
  /** Substring of the name, compared without case. */
  readonly nameContains?: string;
  /** Exact names. */
  readonly names?: readonly string[];
  readonly projectIds?: readonly number[];
  /** Any of them; none matches nothing. */
  readonly engines?: readonly ServerEngine[];
  /** Tags that the instance must have, all of them; without `value`: a tag of that key, whatever its value. */
  readonly tags?: ReadonlyArray<{ readonly key: string; readonly value?: string }>;
  /** Any of these words, at most 1000: substring of the name, compared without case, or the exact id or host. An empty word finds nothing. */
  readonly searchAny?: readonly string[];
  /** Absent: all but detached and failed ones. */
  readonly states?: readonly InstanceState[];
  /** Absent: oldest first. Ties by id. */
  readonly order?: { readonly by: 'created' | 'name' | 'project'; readonly descending: boolean };
  readonly limit: number;
  readonly offset: number;
}

/** See `backup-state.ts` for the transitions. `failed` is internal: no API lists it. */
export type BackupState = 'running' | 'available' | 'converting' | 'converted' | 'expired' | 'deleted' | 'failed';

export interface Backup extends BackupLife {
  readonly backupId: string;
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly instanceName: string;
  readonly type: 'manual' | 'automatic' | 'specification-change';
  readonly state: BackupState;
  readonly remark: string;
  /** By an operator; holds are told by `heldUntil`. */
  readonly locked: boolean;
  readonly startedAt: number;
  /** Null until the backup is available, or failed. */
  readonly endedAt: number | null;
  readonly expiresAt: number;
  /** Exact RDB bytes over all shards; 0 until available. */
  readonly sizeBytes: number;
  readonly serverKind: string;
  readonly serverVersion: string;
  /** The attempt whose bytes are the backup; null until available. */
  readonly attempt: number | null;
}

/** A row to insert; what is not said of its life has not happened. */
export type NewBackup = Omit<Backup, keyof BackupLife> & Partial<BackupLife>;

/** Which backups to list. All filters must hold. */
export interface BackupQuery {
  readonly accountId: string;
  readonly region: string;
  readonly instanceId?: string;
  /** Any of them; none matches nothing. */
  readonly instanceIds?: readonly string[];
  /** Substring of the name that the instance has now, compared without case. */
  readonly instanceNameContains?: string;
  /** Duplicates count once; none matches nothing. */
  readonly states: readonly BackupState[];
  /** Inclusive. */
  readonly startedFrom?: number;
  /** Inclusive. */
  readonly startedTo?: number;
  readonly limit: number;
  readonly offset: number;
}

export interface BackupStore {
  /** Throws `catalog-conflict` where the id is taken or the account has no such instance in that region. */
  insert(backup: NewBackup): Promise<void>;
  get(backupId: string): Promise<Backup | undefined>;
  /** One page, oldest first by start, ties by id, and how many match in all. */
  page(query: BackupQuery): Promise<{ total: number; backups: Backup[] }>;
  /** running → available. Throws `catalog-conflict` where the row is not running. */
  complete(
    backupId: string,
    result: { attempt: number; endedAt: number; sizeBytes: number; serverKind: string; serverVersion: string },
  ): Promise<void>;
  /** running → failed. Throws `catalog-conflict` where the row is not running. */
  fail(backupId: string, endedAt: number): Promise<void>;
  /** Every row, read in batches, ordered by id: for `check` and the sweep. Inside a transaction all of it is one state of the catalog. */
  all(): AsyncIterable<Backup>;
  /** Where the counters that answer `total` are not what the rows are; none unless somebody else has written to the database. */
  miscounted(): Promise<Miscount[]>;
}

/** What is `counted` of an instance's backups in one state, and how many `rows` there are. */
export interface Miscount {
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly state: BackupState;
  readonly counted: number;
  readonly rows: number;
}

export type TaskKind =
  | 'attach-instance'
  | 'take-backup'
  | 'remove-backup'
  | 'convert-backup'
  | 'prove-backup'
  | 'create-instance'
  | 'start-instance'
  | 'isolate-instance'
  | 'clean-up-instance'
  | 'clear-instance'
  | 'restore-instance'
  | 'clone-instance'
  | 'resize-instance'
  | 'reset-password'
  | 'move-port';
/** preparing: waits to be claimed (also between two tries). running: claimed. The other two are final. */
export type TaskState = 'preparing' | 'running' | 'succeed' | 'failed';

/** What a task does at present, in the words of its kind. */
export interface TaskPhase {
  /** Empty: it does not tell. */
  readonly name: string;
  /** Of this phase; 0 where it is not known. */
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface Task {
  readonly taskId: number;
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly kind: TaskKind;
  /** Id of the thing that the task works on beside its instance: the backup id of `take-backup`, else ``. */
  readonly subject: string;
  /** JSON of the kind's own parameters. */
  readonly payload: string;
  readonly state: TaskState;
  /** Empty unless the task failed or waits for another try: what went wrong and what to do. */
  readonly message: string;
  /** 0 to 1. */
  readonly progress: number;
  /** Of its last try; empty where it tells none. */
  readonly phase: TaskPhase;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** How often it was claimed; the number of the last claim is the fencing token. */
  readonly token: number;
  /** Tries that ended without a result: by an error, or because the process or its lease ended under them. */
  readonly failedTries: number;
  /** Uin of who asked for it; `` where nobody did, such as a schedule. */
  readonly requestedBy: string;
}

/** A task as a list shows it. */
export interface ListedTask extends Task {
  /** The name that its instance has now; `` where that is gone. */
  readonly instanceName: string;
  /** Of a task that takes a backup. */
  readonly backupType: Backup['type'] | null;
}

/** Which tasks to list. All filters must hold. */
export interface TaskQuery {
  readonly accountId: string;
  readonly region: string;
  /** Any of them; none matches nothing. */
  readonly instanceIds?: readonly string[];
  /** The whole name that the instance has now. */
  readonly instanceName?: string;
  /** Any of them; none matches nothing. */
  readonly types?: ReadonlyArray<{ readonly kind: TaskKind; readonly backupType?: Backup['type'] }>;
  readonly states?: readonly TaskState[];
  readonly requestedBy?: readonly string[];
  /** When it was asked for; inclusive. */
  readonly createdFrom: number;
  /** Inclusive. */
  readonly createdTo: number;
  readonly limit: number;
  readonly offset: number;
}

export interface NewTask {
  readonly accountId: string;
  readonly region: string;
  readonly instanceId: string;
  readonly kind: TaskKind;
  readonly subject: string;
  readonly payload: string;
  /** No two unfinished tasks share one: `catalog-conflict` otherwise. */
  readonly exclusiveKey?: string;
  readonly createdAt: number;
  /** Uin of who asked for it. */
  readonly requestedBy?: string;
}

/** A claim. Whatever is recorded under it throws `lease-lost`, and records nothing, once the task has ended or is anybody else's. */
export interface Lease {
  readonly taskId: number;
  readonly token: number;
  readonly owner: string;
}

export interface TaskStore {
  enqueue(task: NewTask): Promise<number>;
  get(taskId: number): Promise<Task | undefined>;
  /**
   * Claims the oldest task that waits and is due, or whose lease ran out (a failed try), by the database's clock. Clears message and progress.
   * `except` are the tasks that the claimer is still running: not to be claimed, whatever became of their leases.
   */
  claim(
    owner: string,
    kinds: readonly TaskKind[],
    leaseMs: number,
    except?: readonly number[],
  ): Promise<{ task: Task; lease: Lease } | undefined>;
  /** Prolongs the lease, also one that ran out but that nobody took, and records progress; `lease-lost` where it is no longer ours. */
  heartbeat(lease: Lease, leaseMs: number, progress: number, phase?: TaskPhase): Promise<void>;
  /** Throws `lease-lost` unless the claim still counts, and keeps others from taking it until the transaction ends. */
  fence(lease: Lease): Promise<void>;
  /** running → succeed, under the token. */
  succeed(lease: Lease): Promise<void>;
  /** running → failed, under the token. */
  fail(lease: Lease, message: string): Promise<void>;
  /** running → preparing after a failed try, due in `delayMs`, two minutes at most, under the token. Should the clock be set back, it is due sooner. */
  retryLater(lease: Lease, message: string, delayMs: number): Promise<void>;
  /** running → preparing, due at once, under the token: for a worker that stops. Not a failed try. */
  release(lease: Lease): Promise<void>;
  /** Ends the leases of every owner but `owner`, each a failed try: only for a process that knows that it is alone. Returns how many. */
  takeOver(owner: string): Promise<number>;
  /** The unfinished task with that exclusive key. */
  unfinished(exclusiveKey: string): Promise<Task | undefined>;
  /** The task that works on that subject, the newest where there are several. */
  ofSubject(subject: string): Promise<Task | undefined>;
  /** All tasks of that subject, oldest first. */
  allOfSubject(subject: string): Promise<Task[]>;
  /** One page, newest first, and how many match in all. */
  list(query: TaskQuery): Promise<{ total: number; tasks: ListedTask[] }>;
  /** All tasks that claim to run, with the end of their lease, and the database's present time. */
  running(): Promise<Array<{ task: Task; leaseUntil: number; now: number }>>;
}
