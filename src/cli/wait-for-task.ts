import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';
import { interruptible } from './interruptible.ts';
import type { Io } from './io.ts';
import type { MeasureTask } from './measure-task.ts';
import { createProgressBar } from './progress-bar.ts';

interface TaskInfo {
  Status: string;
  StartTime: string;
  TaskMessage: string;
}

/**
 * Polls a task until it has ended. On a terminal it is shown meanwhile, with a bar where `measure` can tell how far it is. Throws `task-failed` with the task's
 * own message where it failed, and `interrupted` on Ctrl-C, which leaves the task alone.
 */
export async function waitForTask(client: Client, taskId: number, io: Io, label: string, measure?: MeasureTask): Promise<TaskInfo> {
  const startedAt = Date.now();
  const bar = createProgressBar(io, label);
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
        const progress = info.Status === 'running' ? await measure?.(client, taskId) : undefined;
        if (progress !== undefined) {
          bar.update(progress);
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
