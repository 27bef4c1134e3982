import { defineAction } from '../../action.ts';
import { optional, structure, text, uint64 } from '../../schema.ts';
import { getAccessKey, readTarget } from './access-keys.ts';

export const DeleteAccessKey = defineAction({
  name: 'DeleteAccessKey',
  product: 'cam',
  summary: 'Deletes an access key.',
  description: 'It, and every temporary key that it made, is refused from the next request on.',
  input: structure({
    AccessKeyId: text('Id of the key.'),
    TargetUin: optional(uint64('Uin of the user. Default: the caller.')),
  }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'OperationDenied.SubUin',
    'OperationDenied.UinNotMatch',
    'ResourceNotFound.SecretNotExist',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { AccessKeyId: 'AKIDreader', TargetUin: 100000000003 }, output: {} },

  async handle({ AccessKeyId, TargetUin }, ctx) {
    const target = readTarget(TargetUin, ctx);
    await ctx.services.catalog.transaction(async (tables) => {
      const key = await getAccessKey(AccessKeyId, target, tables, ctx);
      await tables.accessKeys.delete(key.secretId);
    });
    return {};
  },
});
