import { defineAction } from '../../action.ts';
import { int64, structure, text } from '../../schema.ts';
import { getUserByName } from './user-access.ts';

export const GetUser = defineAction({
  name: 'GetUser',
  product: 'cam',
  summary: 'Shows a sub-account.',
  description: 'By its name.',
  input: structure({ Name: text('Name of the user.') }),
  output: structure({
    Uin: int64('Uin.'),
    Name: text('Name.'),
    Uid: int64('Number of the user.'),
    Remark: text('Free text.'),
    ConsoleLogin: int64('Always 0.'),
    PhoneNum: text('Phone number.'),
    CountryCode: text('Country code of the phone number.'),
    Email: text('Address.'),
    RecentlyLoginIP: text('Always empty.'),
    RecentlyLoginTime: text('Always empty.'),
  }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError', 'ResourceNotFound.UserNotExist'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { Name: 'reader' },
    output: {
      Uin: 100000000003,
      Name: 'reader',
      Uid: 1,
      Remark: 'reads backups',
      ConsoleLogin: 0,
      PhoneNum: '',
      CountryCode: '',
      Email: 'reader@example.test',
      RecentlyLoginIP: '',
      RecentlyLoginTime: '',
    },
  },

  async handle({ Name }, ctx) {
    const user = await getUserByName(Name, ctx.services.catalog, ctx);
    return {
      Uin: Number(user.uin),
      Name: user.name,
      Uid: user.uid,
      Remark: user.remark,
      ConsoleLogin: 0,
      PhoneNum: user.phone,
      CountryCode: user.countryCode,
      Email: user.email,
      RecentlyLoginIP: '',
      RecentlyLoginTime: '',
    };
  },
});
