import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';

/** The task that creates or clones an instance; `taskType` as DescribeTaskList has it. */
export async function findOrderTask(client: Client, instanceId: string, taskType: '001' | '026'): Promise<number> {
  const { Tasks } = await client.call<{ Tasks: Array<{ TaskId: number }> }>('redis', 'DescribeTaskList', {
    InstanceId: instanceId,
    TaskTypes: [taskType],
  });
  const task = Tasks[0];
  if (task === undefined) {
    throw new DomainError('task-failed', `the service knows no task that creates ${instanceId}`);
  }
  return task.TaskId;
}

/** 24 characters with a digit and letters of both cases among them, which the vendor's rule wants. */
export function makePassword(): string {
  return `Rk1${randomBytes(18).toString('hex').slice(0, 21)}`;
}

export async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new DomainError('usage-error', `--password-file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What is printed of a new instance, with the password where it was made up. */
export async function describeOrdered(
  client: Client,
  instanceId: string,
  madePassword: string | undefined,
): Promise<{ answer: object; text: string }> {
  const { InstanceSet } = await client.call<{ InstanceSet: Array<{ WanIp: string; Port: number; Status: number }> }>(
    'redis',
    'DescribeInstances',
    { InstanceId: instanceId },
  );
  const { WanIp: Host = '', Port = 0, Status = 0 } = InstanceSet[0] ?? {};
  if (madePassword === undefined) {
    return { answer: { InstanceId: instanceId, Status, Host, Port }, text: `${instanceId}\n` };
  }
  // A port that is not picked yet is of no use to anybody.
  const secret = Status === 2 ? `redis://:${encodeURIComponent(madePassword)}@${Host}:${Port}` : `password ${madePassword}`;
  return { answer: { InstanceId: instanceId, Status, Host, Port, Password: madePassword }, text: `${instanceId}\n${secret}\n` };
}
