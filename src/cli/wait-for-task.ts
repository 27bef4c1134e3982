import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../api/client.ts';
import { DomainError } from '../lib/errors.ts';
import type { Io } from './io.ts';

interface TaskInfo {
  Status: string;
  StartTime: string;
  TaskMessage: string;
}

/** Polls a task until it has ended. Throws `task-failed` with the task's own message where it failed. */
export async function waitForTask(client: Client, taskId: number, io: Io, label: string): Promise<TaskInfo> {
  const startedAt = Date.now();
  let pauseMs = 50;
  try {
    for (;;) {
      const info = await client.call<TaskInfo>('redis', 'DescribeTaskInfo', { TaskId: taskId });
      if (info.Status === 'succeed') {
        return info;
      }
      if (info.Status === 'failed' || info.Status === 'error') {
        throw new DomainError('task-failed', `${label} failed: ${info.TaskMessage}`);
      }
      if (io.interactive) {
        const again = info.TaskMessage === '' ? '' : `; will try again: ${info.TaskMessage}`;
        io.err(`\r\u001b[K${label}: ${info.Status}, ${Math.round((Date.now() - startedAt) / 1000)} s${again}`);
      }
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, 1000);
    }
  } finally {
    if (io.interactive) {
      io.err('\r\u001b[K');
    }
  }
}
