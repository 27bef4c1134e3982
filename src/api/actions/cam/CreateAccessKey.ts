import { defineAction } from '../../action.ts';
import { optional, structure, text, uint64 } from '../../schema.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';
import { assertKeyRoom, createAccessKey, readTarget, toWireStatus } from './access-keys.ts';

export const AccessKeyDetail = structure({
  AccessKeyId: text('Id of the key.'),
  SecretAccessKey: text('Its secret, shown this once.'),
  Status: text('Active.'),
  CreateTime: text('When it was made, UTC+8.'),
  Description: text('Free text.'),
});

export const CreateAccessKey = defineAction({
  name: 'CreateAccessKey',
  product: 'cam',
  summary: 'Makes an access key of a sub-account.',
  description:
    'Two at most for each user, so that one can be replaced by the other. The root account has the root credential and no other key.',
  input: structure({
    TargetUin: optional(uint64('Uin of the user. Default: the caller.')),
    Description: optional(text('1 to 1024 letters, digits or =,.@:/-+_')),
  }),
  output: structure({ AccessKey: AccessKeyDetail }),
  errors: [
    'FailedOperation.Accesskey',
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.ParamError',
    'InvalidParameter.UserNotExist',
    'OperationDenied.AccessKeyOverLimit',
    'OperationDenied.SubUin',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 5,
  regionRequired: false,
  example: {
    input: { TargetUin: 100000000003, Description: 'ci' },
    output: {
      AccessKey: {
        AccessKeyId: 'AKIDexample',
        SecretAccessKey: 'secret',
        Status: 'Active',
        CreateTime: '2026-11-24 12:00:00',
        Description: 'ci',
      },
    },
  },

  async handle({ TargetUin, Description }, ctx) {
    if (Description !== undefined && !/^[\w+=,.@:/-]{1,1024}$/.test(Description)) {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `Description has ${Description.length} characters; it must have 1 to 1024 letters, digits or =,.@:/-+_`,
        zh: `Description 有 ${Description.length} 个字符，必须是 1 到 1024 个字母、数字或 =,.@:/-+_`,
      });
    }
    const target = readTarget(TargetUin, ctx);
    const { accountId } = ctx.principal;
    if (target === accountId) {
      throw ctx.fail('FailedOperation.Accesskey', {
        en: 'The root account has the root credential only; make a user and a key of it.',
        zh: '主账号只使用根凭证，请创建子用户及其密钥。',
      });
    }
    const { key, secretKey } = await ctx.services.catalog.transaction(async (tables) => {
      if ((await tables.users.get(accountId, target)) === undefined) {
        throw ctx.fail('InvalidParameter.UserNotExist', {
          en: `There is no user with uin ${target}.`,
          zh: `不存在 uin 为 ${target} 的子用户。`,
        });
      }
      await assertKeyRoom(target, tables, ctx);
      return createAccessKey({ uin: target, description: Description ?? '' }, tables, ctx);
    });
    return {
      AccessKey: {
        AccessKeyId: key.secretId,
        SecretAccessKey: secretKey,
        Status: toWireStatus(key),
        CreateTime: formatWireTime(key.createdAt),
        Description: key.description,
      },
    };
  },
});
