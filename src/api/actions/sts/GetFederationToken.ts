import { type ActionContext, defineAction } from '../../action.ts';
import { parseNewDocument } from '../../auth/policy/new-document.ts';
import { PolicyError } from '../../auth/policy/policy-error.ts';
import { issueToken } from '../../auth/session-token.ts';
import { int64, optional, structure, text, uint64 } from '../../schema.ts';

/** The SDK model's text: 7200 for the root account, 129600 for a user. */
const MOST_ROOT_SECONDS = 7200;
const MOST_USER_SECONDS = 129_600;
const MOST_POLICY_LENGTH = 2048;

export const Credentials = structure({
  Token: text('To be sent with each request, as X-TC-Token or Token.'),
  TmpSecretId: text('Id of the temporary key.'),
  TmpSecretKey: text('Secret of the temporary key.'),
});

export const GetFederationToken = defineAction({
  name: 'GetFederationToken',
  product: 'sts',
  summary: 'Makes a temporary key.',
  description:
    'It may do what its maker may do and Policy allows, until it expires or the key that made it is disabled or deleted. Only a permanent ' +
    'key makes one, and a temporary key cannot change users, keys and policies.',
  input: structure({
    Name: text('Name of the bearer, 1 to 64 letters, digits or +=,.@-_.'),
    Policy: text('Policy document, version 2.0, as URL-encoded JSON, at most 2048 characters once decoded.'),
    DurationSeconds: optional(uint64('Life in seconds, at most 7200 for the root account, 129600 for a user. Default: 1800.')),
  }),
  output: structure({
    Credentials,
    ExpiredTime: int64('When it expires, Unix seconds.'),
    Expiration: text('When it expires, ISO 8601, UTC.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.OverTimeError',
    'InvalidParameter.ParamError',
    'InvalidParameter.PolicyTooLong',
    'InvalidParameter.StrategyFormatError',
  ],
  access: { kind: 'write', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: false,
  example: {
    input: {
      Name: 'nightly',
      Policy: encodeURIComponent(
        '{"version":"2.0","statement":[{"effect":"allow","action":"redis:ManualBackupInstance","resource":"qcs::redis:ap-guangzhou::instance/crs-5a4py64p"}]}',
      ),
      DurationSeconds: 900,
    },
    output: {
      Credentials: { Token: 'token', TmpSecretId: 'AKIDTMP-example', TmpSecretKey: 'secret' },
      ExpiredTime: 1795493700,
      Expiration: '2026-11-24T04:15:00Z',
    },
  },

  async handle({ Name, Policy, DurationSeconds = 1800 }, ctx) {
    const { accountId, uin, secretId } = ctx.principal;
    if (!/^[A-Za-z0-9+=,.@_-]{1,64}$/.test(Name)) {
      throw ctx.fail('InvalidParameter.ParamError', {
        en: `Name is ${JSON.stringify(Name.slice(0, 64))}; it must have 1 to 64 letters, digits or +=,.@-_.`,
        zh: `Name 为 ${JSON.stringify(Name.slice(0, 64))}，必须是 1 到 64 个字母、数字或 +=,.@-_。`,
      });
    }
    const most = uin === accountId ? MOST_ROOT_SECONDS : MOST_USER_SECONDS;
    if (DurationSeconds < 1 || DurationSeconds > most) {
      throw ctx.fail('InvalidParameter.OverTimeError', {
        en: `DurationSeconds is ${DurationSeconds}; it must be 1 to ${most}.`,
        zh: `DurationSeconds 为 ${DurationSeconds}，必须是 1 到 ${most}。`,
      });
    }
    const policy = readPolicy(Policy, ctx);
    const expiresAtS = Math.floor(ctx.services.clock.now() / 1000) + DurationSeconds;
    const issued = issueToken(ctx.services.tokens, { makerSecretId: secretId, name: Name, policy, expiresAtS });
    if (issued === undefined) {
      throw tooLong(policy, ctx);
    }
    return {
      Credentials: { Token: issued.token, TmpSecretId: issued.secretId, TmpSecretKey: issued.secretKey },
      ExpiredTime: expiresAtS,
      Expiration: new Date(expiresAtS * 1000).toISOString().replace('.000Z', 'Z'),
    };
  },
});

type Context = ActionContext<'InvalidParameter.PolicyTooLong' | 'InvalidParameter.StrategyFormatError'>;

/** The document once decoded; one that was not encoded begins with `{` and is taken as it is. */
function readPolicy(given: string, ctx: Context): string {
  let policy = given;
  if (!given.trimStart().startsWith('{')) {
    try {
      policy = decodeURIComponent(given.replaceAll('+', '%20'));
    } catch {
      throw ctx.fail('InvalidParameter.StrategyFormatError', { en: 'Policy is not URL-encoded.', zh: 'Policy 未经 URL 编码。' });
    }
  }
  if (policy.length > MOST_POLICY_LENGTH) {
    throw tooLong(policy, ctx);
  }
  try {
    parseNewDocument(policy, ctx.principal.accountId, ctx.services.actions.names);
  } catch (error) {
    throw error instanceof PolicyError ? ctx.fail('InvalidParameter.StrategyFormatError', error.text) : error;
  }
  return policy;
}

function tooLong(policy: string, ctx: Context): Error {
  return ctx.fail('InvalidParameter.PolicyTooLong', {
    en: `Policy has ${policy.length} characters; it must have at most ${MOST_POLICY_LENGTH}, and fewer where they are not ASCII.`,
    zh: `Policy 有 ${policy.length} 个字符，最多 ${MOST_POLICY_LENGTH} 个，非 ASCII 字符时更少。`,
  });
}
