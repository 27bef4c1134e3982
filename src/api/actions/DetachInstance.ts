import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { assertInstanceId, getFreeInstance } from './instance-access.ts';

export const DetachInstance = defineAction({
  name: 'DetachInstance',
  product: 'redkeep',
  summary: 'Stops watching an instance.',
  description: 'The server itself is left alone. The rows and backups of the instance stay, listable and restorable.',
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
      await getFreeInstance(InstanceId, tables, ctx);
      await tables.instances.detach(InstanceId, clock.now());
    });
    return {};
  },
});
