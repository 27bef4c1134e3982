import { ApiCallError, type Client } from '../api/client.ts';
import type { Progress } from './progress-bar.ts';

/** How far a running task is; undefined where nobody can tell, or the caller may not ask. */
export type MeasureTask = (client: Client, taskId: number) => Promise<Progress | undefined>;

/** By the share that a list of tasks shows: of bytes where their number is known before. */
export function byShare(instanceId: string, totalBytes?: number): MeasureTask {
  return orNothing(async (client, taskId) => {
    const { Tasks } = await client.call<{ Tasks: Array<{ TaskId: number; Progress: number }> }>('redis', 'DescribeTaskList', {
      InstanceId: instanceId,
      Result: [1],
      Limit: 100,
    });
    const share = Tasks.find((task) => task.TaskId === taskId)?.Progress;
    if (share === undefined || (share === 0 && totalBytes === undefined)) {
      return undefined;
    }
    return totalBytes === undefined ? { done: share, total: 1, unit: 'share' } : { done: share * totalBytes, total: totalBytes };
  });
}

/** By the phase that a restore is in, and the bytes of that. */
export function byPhase(): MeasureTask {
  return orNothing(async (client, taskId) => {
    const { Phase, DoneBytes, TotalBytes } = await client.call<{ Phase: string; DoneBytes: number; TotalBytes: number }>(
      'redkeep',
      'DescribeRestore',
      { TaskId: taskId },
    );
    return Phase === '' || TotalBytes === 0 ? undefined : { done: DoneBytes, total: TotalBytes, phase: Phase.replaceAll('-', ' ') };
  });
}

function orNothing(measure: MeasureTask): MeasureTask {
  return async (client, taskId) => {
    try {
      return await measure(client, taskId);
    } catch (error) {
      if (error instanceof ApiCallError) {
        return undefined;
      }
      throw error;
    }
  };
}
