import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCallError, type Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';
import { interruptible } from './interruptible.ts';
import type { Io } from './io.ts';
import { createProgressBar } from './progress-bar.ts';

interface TaskInfo {
  Status: string;
  StartTime: string;
  TaskMessage: string;
}

/** A task whose progress is a share of bytes, which may be known before. */
export interface Measured {
  readonly instanceId: string;
  readonly totalBytes?: number;
}

/**
 * Polls a task until it has ended. On a terminal it is shown meanwhile, with a bar where it is `measured`. Throws `task-failed` with the task's
 * own message where it failed, and `interrupted` on Ctrl-C, which leaves the task alone.
 */
export async function waitForTask(client: Client, taskId: number, io: Io, label: string, measured?: Measured): Promise<TaskInfo> {
  const startedAt = Date.now();
  const bar = createProgressBar(io, label, { isBytes: measured?.totalBytes !== undefined });
  try {
    return await interruptible(
      io,
      poll(),
      `no longer waiting; the ${label} goes on as task ${taskId}`,
      `see it with \`redkeep call DescribeTaskInfo --TaskId ${taskId}\``,
    );
  } finally {
    bar.end();
  }

  async function poll(): Promise<TaskInfo> {
    let pauseMs = 50;
    for (;;) {
      const info = await client.call<TaskInfo>('redis', 'DescribeTaskInfo', { TaskId: taskId });
      if (info.Status === 'succeed') {
        return info;
      }
      if (info.Status === 'failed' || info.Status === 'error') {
        throw new DomainError('task-failed', `${label} failed: ${info.TaskMessage}`);
      }
      if (io.interactive) {
        const share = measured === undefined || info.Status !== 'running' ? undefined : await readShare(client, taskId, measured);
        const { totalBytes = 1 } = measured ?? {};
        if (share !== undefined && (share > 0 || measured?.totalBytes !== undefined)) {
          bar.update(share * totalBytes, totalBytes);
        } else {
          const again = info.TaskMessage === '' ? '' : `; will try again: ${info.TaskMessage}`;
          bar.say(`${info.Status}, ${Math.round((Date.now() - startedAt) / 1000)} s${again}`);
        }
      }
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, 1000);
    }
  }
}

/** From 0 to 1; undefined where the task does not run, or the caller may not list tasks. */
async function readShare(client: Client, taskId: number, { instanceId }: Measured): Promise<number | undefined> {
  try {
    const { Tasks } = await client.call<{ Tasks: Array<{ TaskId: number; Progress: number }> }>('redis', 'DescribeTaskList', {
      InstanceId: instanceId,
      Result: [1],
      Limit: 100,
    });
    return Tasks.find((task) => task.TaskId === taskId)?.Progress;
  } catch (error) {
    if (error instanceof ApiCallError) {
      return undefined;
    }
    throw error;
  }
}
