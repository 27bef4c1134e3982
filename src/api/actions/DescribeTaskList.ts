import type { Static } from 'typebox';
import type { ListedTask, TaskQuery, TaskState } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { float, int64, list, optional, structure, text } from '../schema.ts';
import { toTaskTypeCode, toTaskTypes } from '../shapes/task-type.ts';
import { formatWireTime } from '../shapes/wire-time.ts';
import { assertInstanceId, visibleIds } from './instance-access.ts';
import { assertPage, readTimeSpan } from './list-page.ts';
import { assertSearchText } from './search-text.ts';
import { assertElements } from './value-rules.ts';

const MOST_LIMIT = 100;
const MOST_FILTERS = 100;
const DAY_MS = 86_400_000;
const MOST_DAYS = 30;

/** The vendor's numbers of how a task goes (SDK model, TaskInfoDetail.Result). */
const RESULTS = { preparing: 0, running: 1, succeed: 2, failed: 4 } as const satisfies Record<TaskState, number>;

const input = structure({
  InstanceId: optional(text('Tasks of this instance.')),
  InstanceName: optional(text('Tasks of instances that have this whole name now; at most 60 characters.')),
  Limit: optional(int64('Size of the page, 1 to 100. Default: 20.')),
  Offset: optional(int64('Rows to skip, a multiple of Limit. Default: 0.')),
  ProjectIds: optional(list(int64('Id.'), 'Accepted, no effect: deprecated, and a task has no project.')),
  TaskTypes: optional(
    list(
      text('Code.'),
      'Any of these codes: 001 create, 003 isolate, 004 clear, 005 start, 006 clean up, 012 back up, 017 back up by schedule.',
    ),
  ),
  BeginTime: optional(text('Asked for at or after yyyy-MM-dd HH:mm:ss, UTC+8; nothing older than 30 days is listed.')),
  EndTime: optional(text('Asked for at or before yyyy-MM-dd HH:mm:ss, UTC+8.')),
  TaskStatus: optional(list(int64('Number.'), 'Accepted, no effect: the vendor’s own.')),
  Result: optional(list(int64('Number.'), 'Any of 0 waits, 1 runs, 2 done, 4 failed.')),
  OperatorUin: optional(list(int64('Uin.'), 'Deprecated, as OperateUin.')),
  OperateUin: optional(list(text('Uin.'), 'Asked for by any of these accounts or users.')),
});

/** All fields of the SDK model, in its order. */
export const TaskInfoDetail = structure({
  TaskId: int64('Id.'),
  StartTime: text('When it was asked for, UTC+8.'),
  TaskType: text('Code of what it does; empty where the vendor has none.'),
  InstanceName: text('Name that its instance has now; empty where that is gone.'),
  InstanceId: text('Id of its instance.'),
  ProjectId: int64('Neutral: 0.'),
  Progress: float('0 to 1.'),
  EndTime: text('When it ended, UTC+8; empty before.'),
  Result: int64('0 waits, 1 runs, 2 done, 4 failed.'),
});

type Input = Static<typeof input>;
type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

export const DescribeTaskList = defineAction({
  name: 'DescribeTaskList',
  product: 'redis',
  summary: 'Lists tasks of the last 30 days.',
  description: 'Newest first. All filters must hold; an empty list is no filter. An instance that does not exist has no tasks.',
  input,
  output: structure({ TotalCount: int64('Tasks that match.'), Tasks: list(TaskInfoDetail, 'The page.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'UnauthorizedOperation.NoCAMAuthed',
  ],
  access: { kind: 'read', resource: ({ InstanceId }) => (InstanceId === undefined ? [] : [InstanceId]) },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', TaskTypes: ['012'], Limit: 20 }, output: { TotalCount: 0, Tasks: [] } },

  async handle(parameters, ctx) {
    const { Limit = 20, Offset = 0 } = parameters;
    assertPage({ limit: Limit, offset: Offset, most: MOST_LIMIT }, ctx);
    const asked = readFilter(parameters, ctx);
    const visible = await visibleIds(ctx);
    const filter = { ...asked, ...(visible === undefined ? {} : { instanceIds: visible }) };
    const { total, tasks } = await ctx.services.catalog.tasks.list({ ...filter, limit: Limit, offset: Offset });
    return { TotalCount: total, Tasks: tasks.map(toTaskInfoDetail) };
  },
});

function toTaskInfoDetail(task: ListedTask): Static<typeof TaskInfoDetail> {
  return {
    TaskId: task.taskId,
    StartTime: formatWireTime(task.createdAt),
    TaskType: toTaskTypeCode(task),
    InstanceName: task.instanceName,
    InstanceId: task.instanceId,
    ProjectId: 0,
    Progress: task.progress,
    EndTime: task.endedAt === null ? '' : formatWireTime(task.endedAt),
    Result: RESULTS[task.state],
  };
}

function readFilter(parameters: Input, ctx: Context): Omit<TaskQuery, 'limit' | 'offset'> {
  const { InstanceId, InstanceName = '', TaskTypes = [], Result = [], OperatorUin = [], OperateUin = [] } = parameters;
  if (InstanceId !== undefined) {
    assertInstanceId(InstanceId, ctx);
  }
  assertSearchText('InstanceName', InstanceName, ctx);
  const uins = [...OperateUin, ...OperatorUin.map(String)];
  for (const [name, values] of Object.entries({ TaskTypes, Result, OperateUin: uins })) {
    assertElements(name, values, MOST_FILTERS, ctx);
  }
  return {
    accountId: ctx.principal.accountId,
    region: ctx.region,
    ...readTimes(parameters, ctx),
    ...(InstanceId === undefined ? {} : { instanceIds: [InstanceId] }),
    ...(InstanceName === '' ? {} : { instanceName: InstanceName }),
    ...(TaskTypes.length === 0 ? {} : { types: readTypes(TaskTypes, ctx) }),
    ...(Result.length === 0 ? {} : { states: readResults(Result, ctx) }),
    ...(uins.length === 0 ? {} : { requestedBy: uins }),
  };
}

function readTimes(parameters: Input, ctx: Context): Pick<TaskQuery, 'createdFrom' | 'createdTo'> {
  const now = ctx.services.clock.now();
  const oldest = now - MOST_DAYS * DAY_MS;
  const { begin = oldest, end = now } = readTimeSpan(parameters, ctx);
  return { createdFrom: Math.max(begin, oldest), createdTo: end };
}

function readTypes(codes: readonly string[], ctx: Context): NonNullable<TaskQuery['types']> {
  for (const [index, code] of codes.entries()) {
    if (!/^\d{3}$/.test(code)) {
      const quoted = JSON.stringify(code.slice(0, 64));
      throw invalid(ctx, {
        en: `TaskTypes.${index} is ${quoted}; it must be three digits, such as 012.`,
        zh: `TaskTypes.${index} 为 ${quoted}，必须是三位数字，例如 012。`,
      });
    }
  }
  return toTaskTypes(codes);
}

function readResults(results: readonly number[], ctx: Context): readonly TaskState[] {
  return results.map((result) => {
    const state = (Object.keys(RESULTS) as TaskState[]).find((each) => RESULTS[each] === result);
    if (state === undefined) {
      throw invalid(ctx, { en: `Result holds ${result}; it must be 0, 1, 2 or 4.`, zh: `Result 包含 ${result}，必须是 0、1、2 或 4。` });
    }
    return state;
  });
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
