import type { Generated } from 'kysely';
import type { AccessKeyStatus, PolicyKind } from './access.ts';
import type { Backup, BackupState, InstanceKind, InstanceState, TaskKind, TaskState } from './catalog.ts';
import type { EventKind } from './events.ts';
import type { HolderKind, ProofState, ScrubState } from './lifecycle.ts';
import type { RunState } from './schedules.ts';

/** The tables as kysely sees them. Booleans are 0 or 1, instants milliseconds since the Unix epoch. */
export interface Schema {
  migrations: MigrationTable;
  settings: SettingTable;
  instances: InstanceTable;
  backups: BackupTable;
  backup_counts: BackupCountTable;
  backup_holds: BackupHoldTable;
  schedules: ScheduleTable;
  schedule_runs: ScheduleRunTable;
  events: EventTable;
  tasks: TaskTable;
  users: UserTable;
  access_keys: AccessKeyTable;
  policies: PolicyTable;
  policy_attachments: PolicyAttachmentTable;
  download_restrictions: DownloadRestrictionTable;
  instance_tags: InstanceTagTable;
  restore_marks: RestoreMarkTable;
  restore_results: RestoreResultTable;
}

/**
 * Tables that no dump holds: the ledger of migrations, what triggers keep, and the marks of restores, which are wrong as soon as the restore
 * goes on: settling by an old one would undo what came after. A table that triggers fill must be named here.
 */
export const DERIVED_TABLES: readonly string[] = ['migrations', 'backup_counts', 'restore_marks'] satisfies Array<keyof Schema>;

export interface MigrationTable {
  name: string;
  applied_at: number;
}

export interface SettingTable {
  name: string;
  value: string;
}

export interface InstanceTable {
  instance_id: string;
  account_id: string;
  region: string;
  name: string;
  /** The name in lower case, for searches. */
  name_folded: string;
  kind: InstanceKind;
  state: InstanceState;
  host: string;
  port: number;
  user: string;
  sealed_secrets: Uint8Array;
  tls: number;
  server_kind: string;
  server_version: string;
  used_memory_bytes: number;
  max_memory_bytes: number;
  replicas: number;
  created_at: number;
  detached_at: number | null;
  zone_id: number;
  project_id: number;
  delete_protection: number;
  prefer_replica: number;
}

export interface InstanceTagTable {
  instance_id: string;
  tag_key: string;
  tag_value: string;
}

export interface BackupTable {
  backup_id: string;
  account_id: string;
  region: string;
  instance_id: string;
  instance_name: string;
  type: Backup['type'];
  state: BackupState;
  remark: string;
  locked: number;
  started_at: number;
  ended_at: number | null;
  expires_at: number;
  size_bytes: number;
  server_kind: string;
  server_version: string;
  attempt: number | null;
  held_until: number;
  removable_at: number | null;
  deleted_at: number | null;
  proof_state: ProofState;
  proof_at: number | null;
  proof_kind: string;
  proof_version: string;
  proof_message: string;
  scrub_state: ScrubState;
  scrub_at: number | null;
  scrub_message: string;
  /** When its stored bytes were read last, by its taking or a scrub; the next scrub goes by it. Null before its end. */
  checked_at: number | null;
}

export interface BackupHoldTable {
  backup_id: string;
  holder_kind: HolderKind;
  holder_id: string;
  held_until: number;
}

export interface ScheduleTable {
  instance_id: string;
  /** ISO numbers separated by commas. */
  week_days: string;
  hour: number;
  storage_days: number;
  active_from: number;
}

export interface ScheduleRunTable {
  instance_id: string;
  local_date: string;
  hour: number;
  opens_at: number;
  state: RunState;
  catch_up: number;
  task_id: number | null;
  decided_at: number;
}

export interface EventTable {
  event_id: Generated<number>;
  kind: EventKind;
  event_key: string;
  at: number;
  account_id: string;
  region: string;
  instance_id: string;
  message: string;
  delivered_at: number | null;
  failed_tries: number;
  next_try_at: number;
}

/** How many backups an instance has in each state; kept by triggers on `backups`. */
export interface BackupCountTable {
  account_id: string;
  region: string;
  instance_id: string;
  state: BackupState;
  backups: number;
}

export interface TaskTable {
  task_id: Generated<number>;
  account_id: string;
  region: string;
  instance_id: string;
  kind: TaskKind;
  subject: string;
  payload: string;
  /** Unique among the tasks that have not ended. */
  exclusive_key: string | null;
  state: TaskState;
  message: string;
  progress: number;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  token: number;
  failed_tries: number;
  /** Not to be claimed before. */
  due_at: number;
  owner: string | null;
  lease_until: number | null;
  requested_by: string;
  phase: Generated<string>;
  done_bytes: Generated<number>;
  total_bytes: Generated<number>;
}

export interface UserTable {
  uid: Generated<number>;
  account_id: string;
  uin: string;
  name: string;
  remark: string;
  phone: string;
  country_code: string;
  email: string;
  created_at: number;
}

export interface AccessKeyTable {
  secret_id: string;
  account_id: string;
  uin: string;
  sealed_secret_key: Uint8Array;
  status: AccessKeyStatus;
  description: string;
  created_at: number;
}

export interface PolicyTable {
  policy_id: number;
  /** `` for a preset one. */
  account_id: string;
  name: string;
  name_folded: string;
  kind: PolicyKind;
  description: string;
  document: string;
  created_at: number;
  updated_at: number;
}

export interface PolicyAttachmentTable {
  account_id: string;
  uin: string;
  policy_id: number;
  attached_at: number;
  attached_by: string;
}

export interface DownloadRestrictionTable {
  account_id: string;
  region: string;
  /** `DownloadRestriction` as JSON. */
  rule: string;
  updated_at: number;
}

export interface RestoreMarkTable {
  instance_id: string;
  task_id: number;
  sealed_mark: Uint8Array;
}

export interface RestoreResultTable {
  task_id: number;
  /** `RestoreOutcome` as JSON. */
  result: string;
}
