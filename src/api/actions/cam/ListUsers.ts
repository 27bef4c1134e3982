import { defineAction } from '../../action.ts';
import { int64, list, structure, text } from '../../schema.ts';
import { formatWireTime } from '../../shapes/wire-time.ts';

export const SubAccountInfo = structure({
  Uin: int64('Uin.'),
  Name: text('Name.'),
  Uid: int64('Number of the user.'),
  Remark: text('Free text.'),
  ConsoleLogin: int64('Always 0.'),
  PhoneNum: text('Phone number.'),
  CountryCode: text('Country code of the phone number.'),
  Email: text('Address.'),
  CreateTime: text('When it was made, UTC+8.'),
  NickName: text('Always empty.'),
});

export const ListUsers = defineAction({
  name: 'ListUsers',
  product: 'cam',
  summary: 'Lists the sub-accounts.',
  description: 'All of them, oldest first.',
  input: structure({}),
  output: structure({ Data: list(SubAccountInfo, 'The users.') }),
  errors: ['InternalError.DbOperationFailed', 'InternalError.InternalError'],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: {},
    output: {
      Data: [
        {
          Uin: 100000000003,
          Name: 'reader',
          Uid: 1,
          Remark: 'reads backups',
          ConsoleLogin: 0,
          PhoneNum: '',
          CountryCode: '',
          Email: 'reader@example.test',
          CreateTime: '2018-09-01 10:00:00',
          NickName: '',
        },
      ],
    },
  },

  async handle(_parameters, ctx) {
    const users = await ctx.services.catalog.users.list(ctx.principal.accountId);
    return {
      Data: users.map((user) => ({
        Uin: Number(user.uin),
        Name: user.name,
        Uid: user.uid,
        Remark: user.remark,
        ConsoleLogin: 0,
        PhoneNum: user.phone,
        CountryCode: user.countryCode,
        Email: user.email,
        CreateTime: formatWireTime(user.createdAt),
        NickName: '',
      })),
    };
  },
});
