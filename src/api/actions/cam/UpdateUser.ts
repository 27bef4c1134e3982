import { defineAction } from '../../action.ts';
import { optional, structure, text, uint64 } from '../../schema.ts';
import { getUserByName, readUserFacts } from './user-access.ts';

export const UpdateUser = defineAction({
  name: 'UpdateUser',
  product: 'cam',
  summary: 'Changes what is noted of a sub-account.',
  description: 'What is absent stays. ConsoleLogin 1 is refused, and without it a password has no effect, as in AddUser.',
  input: structure({
    Name: text('Name of the user; it cannot be changed.'),
    Remark: optional(text('Free text, at most 255 characters.')),
    ConsoleLogin: optional(uint64('0 only.')),
    Password: optional(text('Accepted, no effect.')),
    NeedResetPassword: optional(uint64('Accepted, no effect.')),
    PhoneNum: optional(text('Phone number, at most 255 characters.')),
    CountryCode: optional(text('Country code of the phone number, at most 255 characters.')),
    Email: optional(text('Address, at most 255 characters.')),
  }),
  output: structure({}),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'InvalidParameter', 'ResourceNotFound.UserNotExist'],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: { input: { Name: 'reader', Remark: 'reads the backups of orders' }, output: {} },

  async handle(parameters, ctx) {
    const facts = readUserFacts(parameters, (text) => ctx.fail('InvalidParameter', text));
    await ctx.services.catalog.transaction(async (tables) => {
      const user = await getUserByName(parameters.Name, tables, ctx);
      await tables.users.update(user.accountId, user.uin, facts);
    });
    return {};
  },
});
