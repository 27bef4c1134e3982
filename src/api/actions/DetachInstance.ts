import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { assertInstanceId, getFreeInstance } from './instance-access.ts';

export const DetachInstance = defineAction({
  name: 'DetachInstance',
  product: 'redkeep',
  summary: 'Stops watching an instance.',
  description:
    'The server itself is left alone; one that Redkeep runs itself cannot be detached, since nobody would be left to run it. The rows and backups of the instance stay, listable and restorable.',
  input: structure({ InstanceId: text('Id of the instance.') }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'ResourceNotFound.InstanceNotExists',
    'ResourceUnavailable.InstanceLockedError',
    'ResourceUnavailable.InstanceStateError',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p' }, output: {} },

  async handle({ InstanceId }, ctx) {
    assertInstanceId(InstanceId, ctx);
    const { catalog, clock } = ctx.services;
    await catalog.transaction(async (tables) => {
      const instance = await getFreeInstance(InstanceId, tables, ctx);
      if (instance.kind === 'managed') {
        throw ctx.fail('InvalidParameter.InvalidParameter', {
          en: `InstanceId is "${InstanceId}", which is run by this server; only attached instances can be detached`,
          zh: `InstanceId 为“${InstanceId}”，该实例由本服务运行；仅可解绑已接入的实例`,
        });
      }
      await tables.instances.detach(InstanceId, clock.now());
    });
    return {};
  },
});
