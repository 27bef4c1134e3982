import { defineAction } from '../../action.ts';
import { structure, text } from '../../schema.ts';

export const GetCallerIdentity = defineAction({
  name: 'GetCallerIdentity',
  product: 'sts',
  summary: 'Tells who calls.',
  description: 'Needs no permission: it tells the caller only what the key is.',
  input: structure({}),
  output: structure({
    Arn: text('qcs::cam:<account>:uin/<uin>, of a temporary key qcs::sts:<account>:federated-user/<uin>.'),
    AccountId: text('Uin of the root account.'),
    UserId: text('Uin, of a temporary key followed by : and its name.'),
    PrincipalId: text('Uin of the owner of the key.'),
    Type: text('CAMUser.'),
  }),
  errors: ['InternalError.InternalError'],
  access: { kind: 'read', resource: 'caller' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: {},
    output: {
      Arn: 'qcs::cam:100000000001:uin/100000000001',
      AccountId: '100000000001',
      UserId: '100000000001',
      PrincipalId: '100000000001',
      Type: 'CAMUser',
    },
  },

  async handle(_parameters, { principal: { accountId, uin, session } }) {
    return {
      Arn: session === undefined ? `qcs::cam:${accountId}:uin/${uin}` : `qcs::sts:${accountId}:federated-user/${uin}`,
      AccountId: accountId,
      UserId: session === undefined ? uin : `${uin}:${session.name}`,
      PrincipalId: uin,
      Type: 'CAMUser',
    };
  },
});
