import { expiryConfirmed } from '../../catalog/confirmations.ts';
import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

export const ResumeExpiry = defineAction({
  name: 'ResumeExpiry',
  product: 'redkeep',
  summary: 'Lets more than half of the backups of an instance expire at once.',
  description:
    'For an alarm expiry-stopped of that instance. It counts for the next look of retention within an hour, once. What is locked, used, or one of ' +
    'the newest that can be relied on stays all the same, and the data of the others for the grace of a day.',
  input: structure({ InstanceId: text('Id of the instance.') }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'ResourceNotFound.InstanceNotExists',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p' }, output: {} },

  async handle({ InstanceId }, ctx) {
    const { catalog, clock } = ctx.services;
    assertInstanceId(InstanceId, ctx);
    await getInstance(InstanceId, catalog, ctx);
    await catalog.settings.set(expiryConfirmed(InstanceId), String(clock.now()));
    return {};
  },
});
