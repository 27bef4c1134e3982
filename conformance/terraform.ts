import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { findFreePort } from '../test/harness/free-port.ts';
import type { RunningService } from '../test/harness/service.ts';
import { clientEnvironment } from './client-program.ts';

interface Backup {
  readonly BackupId: string;
  readonly InstanceId: string;
  readonly Status: number;
}

interface Listed {
  readonly pages: readonly number[];
  readonly backups: readonly Backup[];
}

const PAGE_SIZE = 20;

/**
 * Runs the program that calls in the order of Terraform's data source against a service of profile `current`, and compares what it read
 * with what the service holds.
 */
export async function checkTerraformOrder(
  command: readonly string[],
  service: RunningService,
  options: { readonly rootDomain?: string; readonly listing: string },
): Promise<void> {
  const [instanceId = ''] = await listInstances(service);
  const settings = {
    ...(options.rootDomain === undefined
      ? { endpoint: `127.0.0.1:${service.port}` }
      : { rootDomain: `${options.rootDomain}:${service.port}` }),
    ...service.credential,
    region: 'ap-guangzhou',
    instanceId: options.listing === 'all' ? '' : instanceId,
  };
  const { pages, backups } = await runProgram<Listed>(command, settings);
  // Instances that are gone have backups too, and are in no list of instances.
  const instanceIds = new Set(options.listing === 'all' ? [instanceId, ...backups.map(({ InstanceId }) => InstanceId)] : [instanceId]);
  const held = (await Promise.all([...instanceIds].map((id) => listBackups(service, id)))).flat();
  assert.deepEqual(
    backups.map(({ BackupId, InstanceId, Status }) => ({ BackupId, InstanceId, Status })).toSorted(byId),
    held.toSorted(byId),
  );
  assert.ok(held.length > PAGE_SIZE, `there is a second page: ${held.length} backups`);
  assert.ok(pages.slice(0, -1).every((length) => length === PAGE_SIZE) && (pages.at(-1) ?? 0) < PAGE_SIZE, `pages of ${pages}`);
}

/**
 * Runs the program through the life of Terraform's resources: create, configure, back up, read, update, move to another port, clear, destroy, clean up. Afterwards
 * the instance is gone and its backup is there, under the name that the instance had then.
 */
export async function checkTerraformResources(command: readonly string[], service: RunningService): Promise<void> {
  const { instanceId } = await runProgram<{ instanceId: string }>(command, {
    endpoint: `127.0.0.1:${service.port}`,
    ...service.credential,
    region: 'ap-guangzhou',
    password: 'correct-horse-7',
    port: await findFreePort(),
    newPort: await findFreePort(),
  });
  const { TotalCount } = await service.client.call<{ TotalCount: number }>('redis', 'DescribeInstances', { InstanceId: instanceId });
  assert.equal(TotalCount, 0);
  const listed = await service.client.call<{ BackupSet: Array<{ Status: number; InstanceName: string }> }>(
    'redis',
    'DescribeInstanceBackups',
    {
      InstanceId: instanceId,
    },
  );
  assert.deepEqual(
    listed.BackupSet.map(({ InstanceName }) => InstanceName),
    ['terraform_test'],
  );
}

async function runProgram<Printed>(command: readonly string[], settings: object): Promise<Printed> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env: clientEnvironment() });
  child.stdin.end(JSON.stringify(settings));
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.equal(errors, '');
  return JSON.parse(printed) as Printed;
}

function byId(a: Backup, b: Backup): number {
  return a.BackupId < b.BackupId ? -1 : 1;
}

async function listInstances({ client }: RunningService): Promise<readonly string[]> {
  const { InstanceSet } = await client.call<{ InstanceSet: Array<{ InstanceId: string }> }>('redis', 'DescribeInstances');
  return InstanceSet.map(({ InstanceId }) => InstanceId);
}

async function listBackups({ client }: RunningService, instanceId: string): Promise<readonly Backup[]> {
  const backups: Backup[] = [];
  for (let offset = 0; ; offset += 100) {
    const { BackupSet } = await client.call<{ BackupSet: Backup[] }>('redis', 'DescribeInstanceBackups', {
      InstanceId: instanceId,
      Limit: 100,
      Offset: offset,
    });
    backups.push(...BackupSet.map(({ BackupId, InstanceId, Status }) => ({ BackupId, InstanceId, Status })));
    if (BackupSet.length < 100) {
      return backups;
    }
  }
}
