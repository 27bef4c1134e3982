import { DatabaseSync } from 'node:sqlite';
import { type Api, type ApiOptions, createApi } from '../../src/api/api.ts';
import type { RawRequest } from '../../src/api/http-message.ts';
import type { LocalMachine } from '../../src/api/local-machine.ts';
import { parseWireTime } from '../../src/api/shapes/wire-time.ts';
import { createFindCredential, createTokenBox, sealSecretKey } from '../../src/app/access-keys.ts';
import { createDownloadLinks } from '../../src/app/download-links.ts';
import type { Backup, Catalog, Instance, InstanceSecrets } from '../../src/catalog/catalog.ts';
import type { AuditEntry } from '../../src/lib/audit-log.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { createKeyring } from '../../src/repository/keyring.ts';
import { type SignOptions, signTc3Request } from './signed-request.ts';
import { openTempCatalog } from './temp-catalog.ts';

export const ACCOUNT = '100000000001';
export const KEY = { secretId: 'AKIDroot', secretKey: 'root-secret-key' } as const;
/** A sub-account of the same account: nobody has given it any permission. */
export const SUB_KEY = { secretId: 'AKIDsub', secretKey: 'sub-secret-key' } as const;
/** The root key of another account. */
export const OTHER_KEY = { secretId: 'AKIDother', secretKey: 'other-secret-key' } as const;

/** The instance of the contract's example. */
export const INSTANCE_ID = 'crs-5a4py64p';

/** What `isPassword` takes of an instance whose secrets nothing has sealed. */
export const PASSWORD = 'correct-horse-7';

/** A machine with one Redis and room for it. */
export const MACHINE: LocalMachine = {
  engines: async () => [{ serverKind: 'redis', serverVersion: '7.0.15' }],
  room: async () => ({ totalMemoryBytes: 16 * 2 ** 30, freeMemoryBytes: 12 * 2 ** 30, freeDiskBytes: 100 * 2 ** 30 }),
  isPortFree: async () => true,
};

/** Of the examples: a managed instance that serves, and one that is isolated. */
export async function insertManaged(catalog: Catalog): Promise<void> {
  const managed = { kind: 'managed', host: '127.0.0.1', maxMemoryBytes: 2 ** 30 } as const;
  await catalog.instances.insert(instanceRow({ ...managed, instanceId: 'crs-7m2k9q4d', name: 'sessions', port: 20_001 }));
  await catalog.instances.insert(
    instanceRow({
      ...managed,
      instanceId: 'crs-3h8t5w1z',
      name: 'old-sessions',
      port: 20_002,
      state: 'isolated',
      detachedAt: at('2018-09-02 10:00:00'),
    }),
  );
  await catalog.tags.set({ instanceId: 'crs-7m2k9q4d', key: 'team', value: 'orders' });
}

export interface Answer {
  readonly Error?: { readonly Code: string; readonly Message: string };
  readonly RequestId: string;
  readonly [member: string]: unknown;
}

export interface ApiFixture extends AsyncDisposable {
  readonly api: Api;
  readonly catalog: Catalog;
  /** The catalog's file. */
  readonly catalogPath: string;
  readonly clock: Clock & { set(atMs: number): void };
  /** What `sealSecrets` was given, by instance. */
  readonly sealed: Map<string, InstanceSecrets>;
  /** What the audit log was told. */
  readonly audited: AuditEntry[];
  /** How often the worker was woken. */
  wakes(): number;
  /** Another number after each commit to the catalog. */
  commits(): number;
  send(request: RawRequest): Promise<Answer>;
  /** A TC3 JSON call in ap-guangzhou by the root account unless told otherwise. */
  call(action: string, parameters?: object, options?: Partial<SignOptions>): Promise<Answer>;
}

/** The real API over a real catalog in a directory of its own, at a clock that stands still. Limits are off unless asked for. */
export async function openApiFixture({
  isMachine = true,
  ...options
}: Partial<ApiOptions> & { /** Whether the node runs instances; true by default. */ isMachine?: boolean } = {}): Promise<ApiFixture> {
  const temporary = await openTempCatalog();
  const { catalog } = temporary;
  let now = Date.UTC(2026, 10, 24, 4, 0, 0);
  let wakes = 0;
  const clock = {
    now: () => now,
    set(atMs: number) {
      now = atMs;
    },
  };
  const audited: AuditEntry[] = [];
  const sealed = new Map<string, InstanceSecrets>();
  const keyring = createKeyring();
  const findStored = createFindCredential(KEY, ACCOUNT, catalog, keyring);
  const api = createApi({
    catalog,
    clock,
    log: silentLogger,
    profile: 'seed',
    keepMin: 1,
    rateLimit: 'off',
    credentials: (secretId) => findCredential(secretId) ?? findStored(secretId),
    sealSecretKey: (secretId, secretKey) => sealSecretKey(keyring, secretId, secretKey),
    tokens: createTokenBox(keyring),
    sealSecrets(instanceId, secrets) {
      sealed.set(instanceId, secrets);
      return Buffer.from(`sealed:${instanceId}`);
    },
    downloadLinks: createDownloadLinks({
      signer: keyring,
      vpcs: new Map([['vpc-orders', ['10.1.0.0/16', 'fd00:1::/32']]]),
      publicUrl: undefined,
      innerUrl: undefined,
      endpoint: () => 'http://127.0.0.1:9530',
    }),
    audit: { append: async (entry) => void audited.push(entry) },
    isPassword: (instance, password) => password === (sealed.get(instance.instanceId)?.password ?? PASSWORD),
    ...(isMachine ? { machine: MACHINE } : {}),
    wakeWorker() {
      wakes++;
    },
    ...options,
  });
  const observer = new DatabaseSync(temporary.path, { readOnly: true });
  const send = async (request: RawRequest) => (JSON.parse((await api.handle(request)).body) as { Response: Answer }).Response;
  return {
    api,
    catalog,
    catalogPath: temporary.path,
    clock,
    sealed,
    audited,
    wakes: () => wakes,
    // SQLite: it counts what other connections than this one commit.
    commits: () => Number(observer.prepare('pragma data_version').get()?.['data_version']),
    send,
    call: (action, parameters = {}, signing = {}) =>
      send(signTc3Request({ key: KEY, action, body: JSON.stringify(parameters), timestampS: Math.floor(now / 1000), ...signing })),
    async [Symbol.asyncDispose]() {
      observer.close();
      await temporary[Symbol.asyncDispose]();
    },
  };
}

export function findCredential(secretId: string): { secretKey: string; accountId: string; uin: string } | undefined {
  switch (secretId) {
    case KEY.secretId:
      return { secretKey: KEY.secretKey, accountId: ACCOUNT, uin: ACCOUNT };
    case SUB_KEY.secretId:
      return { secretKey: SUB_KEY.secretKey, accountId: ACCOUNT, uin: '100000000002' };
    case OTHER_KEY.secretId:
      return { secretKey: OTHER_KEY.secretKey, accountId: '200000000001', uin: '200000000001' };
    default:
      return undefined;
  }
}

/** The millisecond that a text of the API means. */
export function at(time: string): number {
  const atMs = parseWireTime(time);
  if (atMs === undefined) {
    throw new Error(`${time} is not a time`);
  }
  return atMs;
}

export function instanceRow(changes: Partial<Instance> = {}): Instance {
  return {
    instanceId: INSTANCE_ID,
    accountId: ACCOUNT,
    region: 'ap-guangzhou',
    name: 'orders',
    kind: 'attached',
    state: 'online',
    host: '10.0.0.5',
    port: 6379,
    user: '',
    sealedSecrets: Buffer.from('sealed'),
    tls: false,
    serverKind: 'redis',
    serverVersion: '7.0.15',
    usedMemoryBytes: 3_000_000,
    maxMemoryBytes: 0,
    replicas: 1,
    createdAt: at('2018-09-01 10:00:00'),
    detachedAt: null,
    zoneId: 0,
    projectId: 0,
    deleteProtection: false,
    preferReplica: false,
    ...changes,
  };
}

/** The first backup of the contract's example; give at least another id for more. */
export function backupRow(changes: Partial<Backup> = {}): Backup {
  const startedAt = changes.startedAt ?? at('2018-09-04 12:51:21');
  return {
    backupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
    accountId: ACCOUNT,
    region: 'ap-guangzhou',
    instanceId: INSTANCE_ID,
    instanceName: 'orders',
    type: 'manual',
    state: 'available',
    remark: 'For testing',
    locked: false,
    startedAt,
    endedAt: startedAt + 5_000,
    expiresAt: startedAt + 7 * 86_400_000,
    sizeBytes: 1234,
    serverKind: 'redis',
    serverVersion: '7.0.15',
    attempt: 1,
    heldUntil: 0,
    removableAt: null,
    deletedAt: null,
    proof: { state: 'unproven', at: null, serverKind: '', serverVersion: '', message: '' },
    scrub: { state: 'unchecked', at: null, message: '' },
    ...changes,
  };
}

/** The user of the examples, who may list the backups of the example's instance. */
export const USER_UIN = '100000000003';

/** The contract's example: one instance and its two backups; and one user with a key and a policy. */
export async function insertExample(catalog: Catalog): Promise<void> {
  await catalog.instances.insert(instanceRow());
  await catalog.backups.insert(backupRow());
  await catalog.backups.insert(
    backupRow({ backupId: '6cbbf53a-affe-11e8-905b-4846fb00c75d', startedAt: at('2018-09-04 12:53:06'), remark: 'xxx' }),
  );
  await insertUser(catalog);
}

async function insertUser(catalog: Catalog): Promise<void> {
  const createdAt = at('2018-09-01 10:00:00');
  await catalog.users.insert({
    accountId: ACCOUNT,
    uin: USER_UIN,
    name: 'reader',
    remark: 'reads backups',
    phone: '',
    countryCode: '',
    email: 'reader@example.test',
    createdAt,
  });
  await catalog.accessKeys.insert({
    secretId: 'AKIDreader',
    accountId: ACCOUNT,
    uin: USER_UIN,
    sealedSecretKey: Buffer.from('not sealed by any key'),
    status: 'active',
    description: 'dashboard',
    createdAt,
  });
  await catalog.policies.insert({
    policyId: 10_000_001,
    accountId: ACCOUNT,
    name: 'backups-of-orders',
    kind: 'custom',
    description: 'Listing the backups of one instance.',
    document: JSON.stringify({
      version: '2.0',
      statement: { effect: 'allow', action: 'redis:DescribeInstanceBackups', resource: `qcs::redis:ap-guangzhou::instance/${INSTANCE_ID}` },
    }),
    createdAt,
    updatedAt: createdAt,
  });
  await catalog.policies.attach({ accountId: ACCOUNT, uin: USER_UIN, policyId: 10_000_001, attachedAt: createdAt, attachedBy: ACCOUNT });
}
