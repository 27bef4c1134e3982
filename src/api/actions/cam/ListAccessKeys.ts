import { defineAction } from '../../action.ts';
import { list, optional, structure, text, uint64 } from '../../schema.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';
import { readTarget, toWireStatus } from './access-keys.ts';

export const AccessKey = structure({
  AccessKeyId: text('Id of the key.'),
  Status: text('Active or Inactive.'),
  CreateTime: text('When it was made, UTC+8.'),
  Description: text('Free text.'),
});

export const ListAccessKeys = defineAction({
  name: 'ListAccessKeys',
  product: 'cam',
  summary: 'Lists the access keys of a sub-account.',
  description: 'Oldest first. The root credential is in no list: it lies in the file or environment of the server.',
  input: structure({ TargetUin: optional(uint64('Uin of the user. Default: the caller.')) }),
  output: structure({ AccessKeys: list(AccessKey, 'The keys.') }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'InvalidParameter.UserNotExist', 'OperationDenied.SubUin'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { TargetUin: 100000000003 },
    output: {
      AccessKeys: [{ AccessKeyId: 'AKIDreader', Status: 'Active', CreateTime: '2018-09-01 10:00:00', Description: 'dashboard' }],
    },
  },

  async handle({ TargetUin }, ctx) {
    const target = readTarget(TargetUin, ctx);
    const { accountId } = ctx.principal;
    const { catalog } = ctx.services;
    if (target !== accountId && (await catalog.users.get(accountId, target)) === undefined) {
      throw ctx.fail('InvalidParameter.UserNotExist', {
        en: `There is no user with uin ${target}.`,
        zh: `不存在 uin 为 ${target} 的子用户。`,
      });
    }
    const keys = await catalog.accessKeys.ofUser(accountId, target);
    return {
      AccessKeys: keys.map((key) => ({
        AccessKeyId: key.secretId,
        Status: toWireStatus(key),
        CreateTime: formatWireTime(key.createdAt),
        Description: key.description,
      })),
    };
  },
});
