import { isDomainError } from '../../lib/errors.ts';
import { defineAction } from '../action.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';
import { assertInstanceId, getFreeInstance, instanceLocked } from './instance-access.ts';
import { unsupported } from './order-terms.ts';

export const ClearInstance = defineAction({
  name: 'ClearInstance',
  product: 'redis',
  summary: 'Removes all keys of an instance.',
  description: 'A task sends FLUSHALL to the server, also to an attached one. Nothing is backed up first.',
  input: structure({
    InstanceId: text('Id of the instance.'),
    Password: optional(text('Password of the instance; left out only where it has none.')),
    EncryptPassword: optional(bool('false, the only one.')),
  }),
  output: structure({ TaskId: int64('Task to ask DescribeTaskInfo about.') }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.PasswordEmpty',
    'InvalidParameterValue.PasswordError',
    'ResourceNotFound.InstanceNotExists',
    'ResourceUnavailable.InstanceLockedError',
    'ResourceUnavailable.InstanceStateError',
    'UnauthorizedOperation.NoCAMAuthed',
    'UnsupportedOperation',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: { input: { InstanceId: 'crs-5a4py64p', Password: 'correct-horse-7' }, output: { TaskId: 2 } },

  async handle({ InstanceId, Password = '', EncryptPassword }, ctx) {
    assertInstanceId(InstanceId, ctx);
    if (EncryptPassword === true) {
      throw unsupported('EncryptPassword', ctx);
    }
    const { catalog, clock, isPassword, wakeWorker } = ctx.services;
    const TaskId = await catalog
      .transaction(async (tables) => {
        const instance = await getFreeInstance(InstanceId, tables, ctx);
        if (!isPassword(instance, Password)) {
          throw Password === ''
            ? ctx.fail('InvalidParameterValue.PasswordEmpty', {
                en: `Instance ${InstanceId} has a password: give it as Password.`,
                zh: `实例 ${InstanceId} 设有密码：请用 Password 提供。`,
              })
            : ctx.fail('InvalidParameterValue.PasswordError', {
                en: `Password is not that of instance ${InstanceId}.`,
                zh: `Password 不是实例 ${InstanceId} 的密码。`,
              });
        }
        const { accountId, region } = instance;
        return tables.tasks.enqueue({
          accountId,
          region,
          instanceId: InstanceId,
          kind: 'clear-instance',
          subject: '',
          payload: '{}',
          exclusiveKey: InstanceId,
          createdAt: clock.now(),
          requestedBy: ctx.principal.uin,
        });
      })
      .catch((error: unknown) => {
        throw isDomainError(error, 'catalog-conflict') ? instanceLocked(InstanceId, ctx) : error;
      });
    wakeWorker();
    return { TaskId };
  },
});
