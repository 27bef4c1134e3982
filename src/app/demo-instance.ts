import { randomBytes } from 'node:crypto';
import type { Instance } from '../catalog/catalog.ts';
import { DomainError } from '../lib/errors.ts';
import { createInstanceId } from '../lib/ids.ts';
import { ensureDemoDataset } from '../managed/demo-dataset.ts';
import type { Service } from './service.ts';

const NAME = 'demo';
export const DEMO_REGION = 'ap-guangzhou';

/**
 * Makes sure that the local managed instance `demo` exists, runs and has its data. Its row comes first, so that a crash at any point
 * leaves a server that the next call finds and completes.
 */
export async function ensureDemoInstance(service: Service): Promise<Instance> {
  const { catalog, supervisor, secrets } = service;
  await service.managedStarted;
  let instance = await findDemo(service);
  if (instance === undefined) {
    instance = createDemoRow(service);
    await catalog.instances.insert(instance);
  }
  const { instanceId } = instance;
  const password = secrets.open(instance).password ?? '';
  if (supervisor.status(instanceId) === undefined) {
    const started = await supervisor.start({ instanceId, password, port: instance.port });
    await ensureDemoDataset(supervisor.directoryOf(instanceId), { host: started.host, port: started.port, password });
    await catalog.instances.recordLook(instanceId, {
      serverKind: started.serverKind,
      serverVersion: started.serverVersion,
      usedMemoryBytes: 0,
      maxMemoryBytes: 0,
      replicas: 0,
    });
  }
  const row = await catalog.instances.get(instanceId);
  if (row === undefined) {
    throw new DomainError('instance-not-found', `instance ${instanceId} is gone`);
  }
  return row;
}

async function findDemo({ catalog, accountId }: Service): Promise<Instance | undefined> {
  const found = await catalog.instances.list({
    accountId,
    region: DEMO_REGION,
    names: [NAME],
    states: ['attaching', 'online'],
    limit: 100,
    offset: 0,
  });
  return found.instances.find((instance) => instance.kind === 'managed');
}

function createDemoRow({ accountId, secrets }: Service): Instance {
  const instanceId = createInstanceId();
  return {
    instanceId,
    accountId,
    region: DEMO_REGION,
    name: NAME,
    kind: 'managed',
    state: 'attaching',
    host: '127.0.0.1',
    port: 0,
    user: '',
    sealedSecrets: secrets.seal(instanceId, { password: randomBytes(24).toString('base64url') }),
    tls: false,
    serverKind: '',
    serverVersion: '',
    usedMemoryBytes: 0,
    maxMemoryBytes: 0,
    replicas: 0,
    createdAt: Date.now(),
    detachedAt: null,
    zoneId: 0,
    projectId: 0,
    deleteProtection: false,
    preferReplica: false,
  };
}
