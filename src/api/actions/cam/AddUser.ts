import { isDomainError } from '../../../lib/errors.ts';
import { createUin } from '../../../lib/ids.ts';
import { defineAction } from '../../action.ts';
import { int64, optional, structure, text, uint64 } from '../../schema.ts';
import { createAccessKey } from './access-keys.ts';
import { readUserFacts } from './user-access.ts';

/** "Use limits" page of CAM. */
const MOST_USERS = 1000;

export const AddUser = defineAction({
  name: 'AddUser',
  product: 'cam',
  summary: 'Makes a sub-account.',
  description:
    'A new user may do nothing until a policy is attached. With UseApi 1 it gets a first access key, whose secret is shown this once. ' +
    'Users sign in with access keys only: ConsoleLogin 1 is refused, and without it a password has no effect.',
  input: structure({
    Name: text('Name, 1 to 64 letters, digits or +=,.@-_; unique in the account.'),
    Remark: optional(text('Free text, at most 255 characters.')),
    ConsoleLogin: optional(uint64('0 only.')),
    UseApi: optional(uint64('1 makes an access key. Default: 0.')),
    Password: optional(text('Accepted, no effect.')),
    NeedResetPassword: optional(uint64('Accepted, no effect.')),
    PhoneNum: optional(text('Phone number, at most 255 characters.')),
    CountryCode: optional(text('Country code of the phone number, at most 255 characters.')),
    Email: optional(text('Address, at most 255 characters.')),
  }),
  output: structure({
    Uin: int64('Uin of the user, by which policies and keys name it.'),
    Name: text('Name.'),
    Password: text('Always empty.'),
    SecretId: text('Id of the access key; empty without UseApi 1.'),
    SecretKey: text('Secret of the access key, shown this once.'),
    Uid: int64('Number of the user.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.ParamError',
    'InvalidParameter.SubUserFull',
    'InvalidParameter.SubUserNameInUse',
    'InvalidParameter.UserNameIllegal',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: { Name: 'auditor', Remark: 'reads backups', UseApi: 1 },
    output: { Uin: 100000000004, Name: 'auditor', Password: '', SecretId: 'AKIDexample', SecretKey: 'secret', Uid: 2 },
  },

  async handle(parameters, ctx) {
    const { Name, UseApi = 0 } = parameters;
    if (!/^[A-Za-z0-9+=,.@_-]{1,64}$/.test(Name)) {
      throw ctx.fail('InvalidParameter.UserNameIllegal', {
        en: `Name is ${JSON.stringify(Name.slice(0, 64))}; it must have 1 to 64 letters, digits or +=,.@-_.`,
        zh: `Name 为 ${JSON.stringify(Name.slice(0, 64))}，必须是 1 到 64 个字母、数字或 +=,.@-_。`,
      });
    }
    const facts = readUserFacts(parameters, (text) => ctx.fail('InvalidParameter.ParamError', text));
    if (UseApi !== 0 && UseApi !== 1) {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `UseApi is ${UseApi}; it must be 0 or 1.`,
        zh: `UseApi 为 ${UseApi}，必须是 0 或 1。`,
      });
    }
    const { catalog, clock } = ctx.services;
    const { accountId } = ctx.principal;
    const nameInUse = () =>
      ctx.fail('InvalidParameter.SubUserNameInUse', { en: `There is a user ${Name} already.`, zh: `子用户 ${Name} 已存在。` });
    return catalog
      .transaction(async (tables) => {
        const users = await tables.users.list(accountId);
        if (users.length >= MOST_USERS) {
          throw ctx.fail('InvalidParameter.SubUserFull', {
            en: `The account has ${users.length} users; at most ${MOST_USERS} are allowed.`,
            zh: `账号已有 ${users.length} 个子用户，最多 ${MOST_USERS} 个。`,
          });
        }
        if (users.some((user) => user.name === Name)) {
          throw nameInUse();
        }
        const uin = freeUin([accountId, ...users.map((user) => user.uin)]);
        const uid = await tables.users.insert({
          accountId,
          uin,
          name: Name,
          remark: '',
          phone: '',
          countryCode: '',
          email: '',
          ...facts,
          createdAt: clock.now(),
        });
        const made = UseApi === 1 ? await createAccessKey({ uin, description: '' }, tables, ctx) : undefined;
        return {
          Uin: Number(uin),
          Name,
          Password: '',
          SecretId: made?.key.secretId ?? '',
          SecretKey: made?.secretKey ?? '',
          Uid: uid,
        };
      })
      .catch(async (error: unknown) => {
        // Another node may have taken the name between the look and the write; any other conflict is a fault.
        const isTaken = isDomainError(error, 'catalog-conflict') && (await catalog.users.byName(accountId, Name)) !== undefined;
        throw isTaken ? nameInUse() : error;
      });
  },
});

/** The uin of the root account would make a user of it the root account. */
function freeUin(taken: readonly string[]): string {
  let uin = createUin();
  while (taken.includes(uin)) {
    uin = createUin();
  }
  return uin;
}
