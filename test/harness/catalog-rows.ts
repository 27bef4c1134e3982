import type { Backup, Instance, NewTask } from '../../src/catalog/catalog.ts';

/** An online instance; `changes` says what a test is about. */
export function instanceRow(changes: Partial<Instance> = {}): Instance {
  return {
    instanceId: 'crs-5a4py64p',
    accountId: '100000000001',
    region: 'ap-guangzhou',
    name: 'cache',
    kind: 'attached',
    state: 'online',
    host: '127.0.0.1',
    port: 6379,
    user: '',
    sealedSecrets: new Uint8Array([1, 2, 3]),
    tls: false,
    serverKind: 'redis',
    serverVersion: '7.0.15',
    usedMemoryBytes: 1_000,
    maxMemoryBytes: 0,
    replicas: 0,
    createdAt: 1_000,
    detachedAt: null,
    zoneId: 0,
    projectId: 0,
    deleteProtection: false,
    preferReplica: false,
    ...changes,
  };
}

/** A running backup of that instance. */
export function backupRow(changes: Partial<Backup> = {}): Backup {
  return {
    backupId: 'backup-1',
    accountId: '100000000001',
    region: 'ap-guangzhou',
    instanceId: 'crs-5a4py64p',
    instanceName: 'cache',
    type: 'manual',
    state: 'running',
    remark: '',
    locked: false,
    startedAt: 2_000,
    endedAt: null,
    expiresAt: 3_000,
    sizeBytes: 0,
    serverKind: '',
    serverVersion: '',
    attempt: null,
    heldUntil: 0,
    removableAt: null,
    deletedAt: null,
    proof: { state: 'unproven', at: null, serverKind: '', serverVersion: '', message: '' },
    scrub: { state: 'unchecked', at: null, message: '' },
    ...changes,
  };
}

/** A task that takes that backup. */
export function newTask(changes: Partial<NewTask> = {}): NewTask {
  return {
    accountId: '100000000001',
    region: 'ap-guangzhou',
    instanceId: 'crs-5a4py64p',
    kind: 'take-backup',
    subject: 'backup-1',
    payload: '{}',
    createdAt: 2_000,
    ...changes,
  };
}
