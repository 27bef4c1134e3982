import { defineAction } from '../action.ts';
import { structure, text, uint64 } from '../schema.ts';
import { TASK_TYPES } from '../shapes/task-type.ts';
import { formatWireTime } from '../shapes/wire-time.ts';

export const DescribeTaskInfo = defineAction({
  name: 'DescribeTaskInfo',
  product: 'redis',
  summary: 'Tells how a task goes.',
  description: 'A task that failed for a passing reason goes back to preparing and is tried again; TaskMessage then says what happened.',
  input: structure({ TaskId: uint64('Task, as another action has returned it.') }),
  output: structure({
    Status: text('preparing, running, succeed or failed.'),
    StartTime: text('When the task was asked for, UTC+8.'),
    TaskType: text('Kind of the task in words.'),
    InstanceId: text('Instance that the task works on.'),
    TaskMessage: text('What went wrong and what to do; empty while running and after success.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { TaskId: 1 },
    output: {
      Status: 'preparing',
      StartTime: '2018-09-04 12:51:21',
      TaskType: TASK_TYPES['take-backup'].words,
      InstanceId: 'crs-5a4py64p',
      TaskMessage: '',
    },
  },

  async handle({ TaskId }, ctx) {
    const task = Number.isSafeInteger(TaskId) ? await ctx.services.catalog.tasks.get(TaskId) : undefined;
    const isTheirs = task?.accountId === ctx.principal.accountId && task.region === ctx.region;
    if (task === undefined || !isTheirs || !ctx.mayCallOn(task.instanceId)) {
      throw ctx.fail('InvalidParameter.InvalidParameter', {
        en: `TaskId ${TaskId} is not a task in region ${ctx.region}.`,
        zh: `地域 ${ctx.region} 中不存在任务 ${TaskId}。`,
      });
    }
    const isTrouble = task.state === 'failed' || task.state === 'preparing';
    return {
      Status: task.state,
      StartTime: formatWireTime(task.createdAt),
      TaskType: TASK_TYPES[task.kind].words,
      InstanceId: task.instanceId,
      TaskMessage: isTrouble ? task.message : '',
    };
  },
});
