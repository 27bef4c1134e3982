import { defineAction } from '../../action.ts';
import { optional, structure, text, uint64 } from '../../schema.ts';
import { getUserByName } from './user-access.ts';

export const DeleteUser = defineAction({
  name: 'DeleteUser',
  product: 'cam',
  summary: 'Deletes a sub-account.',
  description:
    'Its policies are detached, and temporary keys that it made end at once. A user that has access keys, active or not, is deleted only ' +
    'with Force 1, which needs the permission cam:DeleteApiKey.',
  input: structure({
    Name: text('Name of the user.'),
    Force: optional(uint64('1 deletes its access keys with it. Default: 0.')),
  }),
  output: structure({}),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'OperationDenied.HaveKeys',
    'ResourceNotFound.UserNotExist',
    'UnauthorizedOperation.DeleteApiKey',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { Name: 'reader', Force: 1 }, output: {} },

  async handle({ Name, Force = 0 }, ctx) {
    await ctx.services.catalog.transaction(async (tables) => {
      const user = await getUserByName(Name, tables, ctx);
      const keys = await tables.accessKeys.ofUser(user.accountId, user.uin);
      if (keys.length > 0 && Force !== 1) {
        throw ctx.fail('OperationDenied.HaveKeys', {
          en: `User ${Name} has ${keys.length} access keys; delete them first, or give Force 1.`,
          zh: `子用户 ${Name} 还有 ${keys.length} 个密钥，请先删除，或将 Force 设为 1。`,
        });
      }
      if (keys.length > 0 && !ctx.mayCall('cam:DeleteApiKey')) {
        throw ctx.fail('UnauthorizedOperation.DeleteApiKey', {
          en: 'Force 1 needs the permission cam:DeleteApiKey.',
          zh: 'Force 为 1 需要 cam:DeleteApiKey 权限。',
        });
      }
      await tables.users.delete(user.accountId, user.uin);
    });
    return {};
  },
});
