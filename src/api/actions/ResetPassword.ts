import { defineAction } from '../action.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';
import { assertInstanceId } from './instance-access.ts';
import { assertChangeable, MOVE_ERRORS, moveManaged } from './managed-access.ts';
import { assertPasswordRule, unsupported } from './order-terms.ts';

export const ResetPassword = defineAction({
  name: 'ResetPassword',
  product: 'redis',
  summary: 'Gives a managed instance another password.',
  description:
    'The old one is not needed. A task changes it in the running server; connections that are signed in stay so, and backups go on with the new one.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    Password: optional(
      text('8 to 64 characters of two kinds out of lower case, upper case, digits and special ones. It is stored encrypted.'),
    ),
    NoAuth: optional(bool('false, the only one.')),
    EncryptPassword: optional(bool('false, the only one.')),
  }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [
    ...MOVE_ERRORS,
    'FailedOperation.UnSupportError',
    'InvalidParameterValue.PasswordFreeDenied',
    'InvalidParameterValue.PasswordRuleError',
    'ResourceUnavailable.InstanceStatusAbnormal',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-7m2k9q4d', Password: 'battery-staple-8' }, output: { TaskId: 2 } },

  async handle({ InstanceId, Password = '', NoAuth, EncryptPassword }, ctx) {
    assertInstanceId(InstanceId, ctx);
    if (EncryptPassword === true) {
      throw unsupported('EncryptPassword', ctx);
    }
    if (NoAuth === true) {
      throw ctx.fail('InvalidParameterValue.PasswordFreeDenied', {
        en: 'NoAuth is true; only an instance in a VPC may go without a password, and there are no VPCs here: give a Password.',
        zh: 'NoAuth 为 true；仅私有网络中的实例可以免密，而此处没有私有网络：请提供 Password。',
      });
    }
    assertPasswordRule(Password, ctx);
    const sealed = ctx.services.sealSecrets(InstanceId, { password: Password });
    const payload = { sealedSecrets: Buffer.from(sealed).toString('base64') };
    const TaskId = await moveManaged(
      InstanceId,
      { from: 'online', under: 'changing', kind: 'reset-password', payload },
      (instance) => {
        if (instance.kind !== 'managed') {
          throw ctx.fail('FailedOperation.UnSupportError', {
            en: `Instance ${InstanceId} is attached: change the password in its server, and attach it again with the new one.`,
            zh: `实例 ${InstanceId} 是接入的实例：请在其服务器上修改密码，再用新密码重新接入。`,
          });
        }
        assertChangeable(instance, ctx);
      },
      ctx,
    );
    return { TaskId };
  },
});
