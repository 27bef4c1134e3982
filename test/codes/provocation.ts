import { DatabaseSync } from 'node:sqlite';
import type { AnyAction } from '../../src/api/action.ts';
import {
  ACCOUNT,
  type ApiFixture,
  backupRow,
  INSTANCE_ID,
  instanceRow,
  KEY,
  type openApiFixture,
  SUB_KEY,
} from '../harness/api-fixture.ts';
import { addUser } from '../harness/users.ts';

export type Key = typeof KEY | { readonly secretId: string; readonly secretKey: string };

/** How a call comes to be answered with a code, told by what differs from the action's example, which is answered well. */
export interface Provocation {
  /** Members that replace those of the example's input; undefined leaves one out. */
  readonly input?: Readonly<Record<string, unknown>>;
  readonly site?: Parameters<typeof openApiFixture>[0];
  /** Makes the site ready; what it writes is not the call's. */
  readonly prepare?: (fixture: ApiFixture) => Promise<void>;
  /** Whose key signs; the root account's by default. */
  readonly caller?: (fixture: ApiFixture) => Promise<Key>;
}

/** By action, by code. */
export type Provocations = Readonly<Record<string, Readonly<Record<string, Provocation>>>>;

/** An instance that no account has. */
export const NO_INSTANCE = 'crs-00000000';
/** Those of `insertManaged`. */
export const ONLINE = 'crs-7m2k9q4d';
export const ISOLATED = 'crs-3h8t5w1z';

/** The instance of the example with another backup, of that id and state. */
export function withBackup(changes: Parameters<typeof backupRow>[0]): Required<Pick<Provocation, 'prepare'>> {
  return { prepare: async ({ catalog }) => catalog.backups.insert(backupRow(changes)) };
}

/** How any action comes to answer a code that has nothing to do with what the action is; undefined where the code has. */
export function provokeCommon({ name, product, example }: AnyAction, code: string): Provocation | undefined {
  const ids = example.input as { InstanceId?: string; InstanceIds?: readonly string[]; BackupId?: string };
  switch (code) {
    case 'InternalError.DbOperationFailed':
      // Without rights of its own a user's policies are looked for, where a handler looks for nothing.
      return {
        prepare: async ({ catalogPath }) => hideTables(catalogPath),
        caller: async () => (NEEDS_NO_TABLE.has(name) ? SUB_KEY : KEY),
      };
    case 'InternalError.InternalError':
      return { caller: damagedKey };
    case 'AuthFailure.UnauthorizedOperation':
    case 'InvalidParameter.PermissionDenied':
      return { caller: async () => SUB_KEY };
    case 'UnauthorizedOperation.NoCAMAuthed':
      return {
        caller: async (fixture) => (await addUser(fixture, {}, { effect: 'deny', action: `${product}:${name}` })).key,
      };
    case 'ResourceNotFound.InstanceNotExists':
      return { input: ids.InstanceIds === undefined ? { InstanceId: NO_INSTANCE } : { InstanceIds: [NO_INSTANCE] } };
    case 'InvalidParameter.InvalidParameter':
      return ids.InstanceId === undefined ? undefined : { input: { InstanceId: 'x' } };
    case 'InvalidParameter.EmptyParam':
      return { input: { InstanceId: '' } };
    case 'InvalidParameterValue.BackupNotExists':
      return { input: { BackupId: 'none' } };
    case 'ResourceUnavailable.InstanceLockedError':
      return { prepare: (fixture) => holdInstance(fixture, ids.InstanceId ?? INSTANCE_ID) };
    case 'ResourceUnavailable.InstanceStateError':
      return {
        input: { InstanceId: 'crs-attach01' },
        prepare: async ({ catalog }) => catalog.instances.insert(instanceRow({ instanceId: 'crs-attach01', state: 'attaching' })),
      };
    default:
      return undefined;
  }
}

/** Actions whose handlers read no table for the root account. */
const NEEDS_NO_TABLE: ReadonlySet<string> = new Set(['DescribeProductInfo', 'DescribeRedisClusters', 'GetFederationToken']);

/** As somebody who has the file would. */
function hideTables(path: string): void {
  using database = new DatabaseSync(path);
  const tables = database.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").all();
  for (const { name } of tables as Array<{ name: string }>) {
    database.exec(`alter table ${name} rename to hidden_${name}`);
  }
}

/** A user who may do everything, but whose secret in the catalog cannot be opened any more. */
async function damagedKey(fixture: ApiFixture): Promise<Key> {
  const { key } = await addUser(fixture, {});
  using database = new DatabaseSync(fixture.catalogPath);
  database.prepare('update access_keys set sealed_secret_key = zeroblob(80) where secret_id = ?').run(key.secretId);
  return key;
}

async function holdInstance({ catalog }: ApiFixture, instanceId: string): Promise<void> {
  await catalog.tasks.enqueue({
    accountId: ACCOUNT,
    region: 'ap-guangzhou',
    instanceId,
    kind: 'take-backup',
    subject: 'another',
    payload: '{}',
    exclusiveKey: instanceId,
    createdAt: 1,
  });
}
