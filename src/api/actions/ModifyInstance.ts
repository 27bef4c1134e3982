import type { Static } from 'typebox';
import type { Instance } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { int64, list, optional, structure, text } from '../schema.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';
import { assertInstanceName, assertProjectId } from './order-terms.ts';

const MOST_INSTANCES = 10;
const OPERATIONS = ['rename', 'modifyProject', 'modifyAutoRenew', 'modifyDeleteProtectionSwitch'];

const input = structure({
  Operation: text(`One of ${OPERATIONS.join(', ')}.`),
  InstanceIds: optional(list(text('Id.'), 'Instances to change, each once; no more than ten.')),
  InstanceNames: optional(list(text('Name.'), 'Of rename: the new name of each.')),
  ProjectId: optional(int64('Of modifyProject: the new project of all.')),
  AutoRenews: optional(list(int64('0.'), 'Of modifyAutoRenew: 0 of each, since nothing here is renewed.')),
  DeleteProtectionSwitches: optional(list(int64('0 or 1.'), 'Of modifyDeleteProtectionSwitch: 1 on, 0 off, of each.')),
  InstanceId: optional(text('Deprecated: one instance, in place of InstanceIds.')),
  InstanceName: optional(text('Deprecated: its new name, in place of InstanceNames.')),
  AutoRenew: optional(int64('Deprecated: in place of AutoRenews.')),
});

type Input = Static<typeof input>;
type Change = Partial<Pick<Instance, 'name' | 'projectId' | 'deleteProtection'>>;
type Context = ActionContext<
  'InvalidParameter.InvalidParameter' | 'InvalidParameterValue.InstanceNameRuleError' | 'UnsupportedOperation.IsAutoRenewError'
>;

export const ModifyInstance = defineAction({
  name: 'ModifyInstance',
  product: 'redis',
  summary: 'Renames instances, moves them to a project, or protects them from deletion.',
  description: 'All of the instances are changed, or none. Backups keep the name that the instance had when they were taken.',
  input,
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.InstanceNameRuleError',
    'ResourceNotFound.InstanceNotExists',
    'UnauthorizedOperation.NoCAMAuthed',
    'UnsupportedOperation.IsAutoRenewError',
  ],
  // None where there are too many to decide on each: such a call is refused below, whoever makes it.
  access: { kind: 'write', resource: (input) => (idsOf(input).length > MOST_INSTANCES ? [] : idsOf(input)) },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { Operation: 'rename', InstanceIds: ['crs-5a4py64p'], InstanceNames: ['orders-main'] }, output: {} },

  async handle(parameters, ctx) {
    const ids = idsOf(parameters);
    if (ids.length < 1 || ids.length > MOST_INSTANCES || new Set(ids).size < ids.length) {
      throw invalid(ctx, {
        en: `InstanceIds has ${ids.length} elements; it must have 1 to ${MOST_INSTANCES}, each once.`,
        zh: `InstanceIds 有 ${ids.length} 个元素，必须为 1 到 ${MOST_INSTANCES} 个且不能重复。`,
      });
    }
    for (const id of ids) {
      assertInstanceId(id, ctx);
    }
    const changes = readChanges(parameters, ids.length, ctx);
    await ctx.services.catalog.transaction(async (tables) => {
      for (const [index, id] of ids.entries()) {
        await getInstance(id, tables, ctx);
        const change = changes[index] ?? {};
        if (Object.keys(change).length > 0) {
          await tables.instances.update(id, change);
        }
      }
    });
    return {};
  },
});

function idsOf({ InstanceId, InstanceIds = [] }: Input): readonly string[] {
  return InstanceIds.length === 0 && InstanceId !== undefined ? [InstanceId] : InstanceIds;
}

/** What to change of each instance, in their order. */
function readChanges(parameters: Input, count: number, ctx: Context): readonly Change[] {
  const { Operation, InstanceNames = [], InstanceName, ProjectId, DeleteProtectionSwitches = [], AutoRenews = [], AutoRenew } = parameters;
  switch (Operation) {
    case 'rename': {
      const names = InstanceNames.length === 0 && InstanceName !== undefined ? [InstanceName] : InstanceNames;
      assertCount('InstanceNames', names, count, ctx);
      return names.map((name, index) => {
        assertInstanceName(`InstanceNames.${index}`, name, ctx);
        return { name };
      });
    }
    case 'modifyProject':
      if (ProjectId === undefined) {
        throw invalid(ctx, { en: 'ProjectId is absent; modifyProject needs it.', zh: '缺少 ProjectId，modifyProject 需要该参数。' });
      }
      assertProjectId(ProjectId, ctx);
      return Array.from({ length: count }, () => ({ projectId: ProjectId }));
    case 'modifyDeleteProtectionSwitch':
      assertCount('DeleteProtectionSwitches', DeleteProtectionSwitches, count, ctx);
      return DeleteProtectionSwitches.map((value, index) => {
        if (value !== 0 && value !== 1) {
          const name = `DeleteProtectionSwitches.${index}`;
          throw invalid(ctx, { en: `${name} is ${value}; it must be 0 or 1.`, zh: `${name} 为 ${value}，必须是 0 或 1。` });
        }
        return { deleteProtection: value === 1 };
      });
    case 'modifyAutoRenew': {
      const renewals = AutoRenews.length === 0 && AutoRenew !== undefined ? [AutoRenew] : AutoRenews;
      assertCount('AutoRenews', renewals, count, ctx);
      if (renewals.some((renewal) => renewal !== 0)) {
        throw ctx.fail('UnsupportedOperation.IsAutoRenewError', {
          en: `AutoRenews is ${renewals.join(', ')}; pay-as-you-go instances are not renewed: it can only be 0.`,
          zh: `AutoRenews 为 ${renewals.join('、')}；按量计费实例不会续费，只能为 0。`,
        });
      }
      return [];
    }
    default: {
      const quoted = JSON.stringify(Operation.slice(0, 64));
      throw invalid(ctx, {
        en: `Operation is ${quoted}; it must be one of ${OPERATIONS.join(', ')}.`,
        zh: `Operation 为 ${quoted}，必须是 ${OPERATIONS.join('、')} 之一。`,
      });
    }
  }
}

function assertCount(name: string, values: readonly unknown[], count: number, ctx: Context): void {
  if (values.length !== count) {
    throw invalid(ctx, {
      en: `${name} has ${values.length} elements; it must have one for each of the ${count} instances.`,
      zh: `${name} 有 ${values.length} 个元素，必须与 ${count} 个实例一一对应。`,
    });
  }
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
