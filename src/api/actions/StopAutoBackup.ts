import { defineAction } from '../action.ts';
import { structure, text } from '../schema.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';

export const StopAutoBackup = defineAction({
  name: 'StopAutoBackup',
  product: 'redkeep',
  summary: 'Ends the automatic backups of an instance.',
  description:
    'DescribeAutoBackupConfig then answers no WeekDays, which ModifyAutoBackupConfig cannot say: an empty list counts as absent. Backups that ' +
    'exist stay for their days. ModifyAutoBackupConfig with WeekDays starts anew.',
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
    await catalog.transaction(async (tables) => {
      await getInstance(InstanceId, tables, ctx);
      const schedule = await tables.schedules.get(InstanceId);
      if (schedule !== undefined) {
        await tables.schedules.put({ ...schedule, weekDays: [], activeFrom: clock.now() });
      }
    });
    return {};
  },
});
