import { defineAction } from '../../action.ts';
import { optional, structure, text, uint64 } from '../../schema.ts';
import { getAccessKey, readTarget } from './access-keys.ts';

export const UpdateAccessKey = defineAction({
  name: 'UpdateAccessKey',
  product: 'cam',
  summary: 'Enables or disables an access key.',
  description: 'A disabled key, and every temporary key that it made, is refused from the next request on.',
  input: structure({
    AccessKeyId: text('Id of the key.'),
    Status: text('Active or Inactive.'),
    TargetUin: optional(uint64('Uin of the user. Default: the caller.')),
  }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.ParamError',
    'OperationDenied.SubUin',
    'OperationDenied.UinNotMatch',
    'ResourceNotFound.SecretNotExist',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { AccessKeyId: 'AKIDreader', Status: 'Inactive', TargetUin: 100000000003 }, output: {} },

  async handle({ AccessKeyId, Status, TargetUin }, ctx) {
    if (Status !== 'Active' && Status !== 'Inactive') {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `Status is ${JSON.stringify(Status.slice(0, 64))}; it must be Active or Inactive.`,
        zh: `Status 为 ${JSON.stringify(Status.slice(0, 64))}，必须是 Active 或 Inactive。`,
      });
    }
    const target = readTarget(TargetUin, ctx);
    await ctx.services.catalog.transaction(async (tables) => {
      const key = await getAccessKey(AccessKeyId, target, tables, ctx);
      await tables.accessKeys.setStatus(key.secretId, Status === 'Active' ? 'active' : 'inactive');
    });
    return {};
  },
});
