import { mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadKeyringFile } from '../../src/repository/keyring-file.ts';
import { openRepository } from '../../src/repository/repository.ts';
import { openStorage } from '../../src/storage/registry.ts';
import type { RedisServer } from './redis-server.ts';
import type { RunningService } from './service.ts';

export interface ListedBackup {
  readonly BackupId: string;
  readonly Status: number;
  readonly BackupSize: number;
  readonly StartTime: string;
}

/** Registers a server with a service and resolves to its instance id. */
export async function attach(service: RunningService, server: RedisServer, more: object = {}): Promise<string> {
  const { InstanceId, TaskId } = await service.client.call<{ InstanceId: string; TaskId: number }>('redkeep', 'AttachInstance', {
    InstanceName: 'source',
    Host: server.host,
    Port: server.port,
    ...more,
  });
  const task = await endOfTask(service, TaskId);
  if (task.Status !== 'succeed') {
    throw new Error(`attaching failed: ${task.TaskMessage}`);
  }
  return InstanceId;
}

export async function startBackup(service: RunningService, instanceId: string, more: object = {}): Promise<number> {
  const { TaskId } = await service.client.call<{ TaskId: number }>('redis', 'ManualBackupInstance', { InstanceId: instanceId, ...more });
  return TaskId;
}

/** Asks for a task until it has ended. */
export async function endOfTask(service: RunningService, taskId: number): Promise<{ Status: string; TaskMessage: string }> {
  for (;;) {
    const task = await service.client.call<{ Status: string; TaskMessage: string }>('redis', 'DescribeTaskInfo', { TaskId: taskId });
    if (task.Status === 'succeed' || task.Status === 'failed') {
      return task;
    }
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

export async function listBackups(service: RunningService, instanceId: string, more: object = {}): Promise<ListedBackup[]> {
  const answer = await service.client.call<{ TotalCount: number; BackupSet: ListedBackup[] }>('redis', 'DescribeInstanceBackups', {
    InstanceId: instanceId,
    ...more,
  });
  return answer.BackupSet;
}

/** Backs up to the end and resolves to the new backup. Throws where the task failed. */
export async function backUp(service: RunningService, instanceId: string): Promise<ListedBackup> {
  const task = await endOfTask(service, await startBackup(service, instanceId));
  const backup = (await listBackups(service, instanceId, { Limit: 100 })).at(-1);
  if (task.Status !== 'succeed' || backup === undefined) {
    throw new Error(`the backup failed: ${task.TaskMessage}`);
  }
  return backup;
}

/** Decodes a stored backup with nothing but data directory and key into an RDB file of a new temporary directory; resolves to its path. */
export async function decodeBackup(dataDir: string, backupId: string): Promise<string> {
  const storage = await openStorage(pathToFileURL(join(dataDir, 'repository')).href);
  const repository = await openRepository(storage, await loadKeyringFile(join(dataDir, 'keyring.json')));
  const attempts: number[] = [];
  for await (const { ref, hasManifest } of repository.listAttempts()) {
    if (ref.backupId === backupId && hasManifest) {
      attempts.push(ref.attempt);
    }
  }
  const [attempt, ...others] = attempts;
  if (attempt === undefined || others.length > 0) {
    throw new Error(`backup ${backupId} has ${attempts.length} whole attempts, expected one`);
  }
  const reader = await repository.openAttempt({ backupId, attempt });
  const path = join(await mkdtemp(join(tmpdir(), 'redkeep-rdb-')), 'dump.rdb');
  const file = await open(path, 'w');
  for await (const plain of reader.frames(0)) {
    await file.write(plain);
  }
  await file.close();
  return path;
}
