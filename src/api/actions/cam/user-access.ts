import type { User, UserFacts } from '../../../catalog/access.ts';
import type { CatalogTables } from '../../../catalog/catalog.ts';
import type { ActionContext } from '../../action.ts';
import type { Message } from '../../errors/message.ts';

const MOST_FACT_LENGTH = 255;

/** The user of that name in the caller's account; else ResourceNotFound.UserNotExist. */
export async function getUserByName(
  name: string,
  tables: CatalogTables,
  ctx: ActionContext<'ResourceNotFound.UserNotExist'>,
): Promise<User> {
  const user = await tables.users.byName(ctx.principal.accountId, name);
  if (user === undefined) {
    throw ctx.fail('ResourceNotFound.UserNotExist', {
      en: `There is no user ${JSON.stringify(name.slice(0, 64))}.`,
      zh: `不存在子用户 ${JSON.stringify(name.slice(0, 64))}。`,
    });
  }
  return user;
}

/** The user of that uin in the caller's account; else ResourceNotFound.UserNotExist. */
export async function getUserByUin(uin: number, tables: CatalogTables, ctx: ActionContext<'ResourceNotFound.UserNotExist'>): Promise<User> {
  const user = await tables.users.get(ctx.principal.accountId, String(uin));
  if (user === undefined) {
    throw ctx.fail('ResourceNotFound.UserNotExist', { en: `There is no user with uin ${uin}.`, zh: `不存在 uin 为 ${uin} 的子用户。` });
  }
  return user;
}

export interface UserParameters {
  readonly Remark?: string | undefined;
  readonly ConsoleLogin?: number | undefined;
  readonly PhoneNum?: string | undefined;
  readonly CountryCode?: string | undefined;
  readonly Email?: string | undefined;
}

/** What of the parameters is stored; the error of `invalid` for a value that is too long and for a login with a password, which nothing here has. */
export function readUserFacts(parameters: UserParameters, invalid: (text: Message) => Error): Partial<UserFacts> {
  const { Remark, ConsoleLogin = 0, PhoneNum, CountryCode, Email } = parameters;
  if (ConsoleLogin !== 0) {
    throw invalid({
      en: `ConsoleLogin is ${ConsoleLogin}; it must be 0, since users sign in with access keys only.`,
      zh: `ConsoleLogin 为 ${ConsoleLogin}，必须是 0，子用户只能使用密钥。`,
    });
  }
  for (const [name, value = ''] of Object.entries({ Remark, PhoneNum, CountryCode, Email })) {
    if (value.length > MOST_FACT_LENGTH || /\p{Cc}/u.test(value)) {
      throw invalid({
        en: `${name} has ${value.length} characters; it must have at most ${MOST_FACT_LENGTH}, none of them a control character.`,
        zh: `${name} 有 ${value.length} 个字符，最多 ${MOST_FACT_LENGTH} 个，且不能包含控制字符。`,
      });
    }
  }
  return {
    ...(Remark === undefined ? {} : { remark: Remark }),
    ...(PhoneNum === undefined ? {} : { phone: PhoneNum }),
    ...(CountryCode === undefined ? {} : { countryCode: CountryCode }),
    ...(Email === undefined ? {} : { email: Email }),
  };
}
