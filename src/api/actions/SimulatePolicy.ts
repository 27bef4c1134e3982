import { isIP } from 'node:net';
import type { Static } from 'typebox';
import type { User } from '../../catalog/access.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { decide, readGrants } from '../auth/grants.ts';
import type { Outcome } from '../auth/policy/evaluate.ts';
import { parsePolicyTime } from '../auth/policy/policy-time.ts';
import type { Resource } from '../auth/policy/resource.ts';
import type { Message } from '../errors/message.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';

const input = structure({
  UserName: text('Name of the user.'),
  PolicyAction: text('Action as policies name it, such as redis:DescribeInstanceBackups.'),
  Resource: optional(
    text(
      '* (default), which actions that name no instance need; an instance id; or six segments such as qcs::redis:ap-guangzhou::instance/crs-5a4py64p.',
    ),
  ),
  Ip: optional(text('Address of the caller. Default: unknown.')),
  Time: optional(text('When, yyyy-MM-dd HH:mm:ss in UTC+8 or ISO 8601. Default: now.')),
});

type Input = Static<typeof input>;
type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

const REASONS = {
  allowed: 'A statement allows it and none denies it.',
  denied: 'A statement denies it.',
  withheld: 'The action is allowed, but not on this resource or not under these conditions.',
  never: 'No statement allows the action on anything.',
} as const satisfies Record<Outcome, string>;

export const SimulatePolicy = defineAction({
  name: 'SimulatePolicy',
  product: 'redkeep',
  summary: 'Tells whether a user may do something, and which statement decides.',
  description:
    'Evaluates the policies of the user as a call by one of its permanent keys would be. Nothing is called and nothing is looked up.',
  input,
  output: structure({
    Allowed: bool('Whether the call would be permitted.'),
    Outcome: text('allowed, denied, withheld or never.'),
    Reason: text('The outcome in a sentence.'),
    PolicyId: int64('Policy that decides; 0 where none does.'),
    PolicyName: text('Its name.'),
    Statement: int64('Its statement that decides, from 1; 0 where none does.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.InvalidParameter',
    'ResourceNotFound.UserNotExist',
  ],
  access: { kind: 'read', resource: 'operation' },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { UserName: 'reader', PolicyAction: 'redis:DescribeInstanceBackups', Resource: 'crs-5a4py64p' },
    output: {
      Allowed: true,
      Outcome: 'allowed',
      Reason: REASONS.allowed,
      PolicyId: 10000001,
      PolicyName: 'backups-of-orders',
      Statement: 1,
    },
  },

  async handle(parameters, ctx) {
    const { UserName, PolicyAction, Ip = '' } = parameters;
    if (!/^[A-Za-z0-9]+:[A-Za-z0-9]+$/.test(PolicyAction)) {
      throw invalid(ctx, {
        en: `PolicyAction is ${JSON.stringify(PolicyAction.slice(0, 64))}; it must be <service>:<Action>.`,
        zh: `PolicyAction 为 ${JSON.stringify(PolicyAction.slice(0, 64))}，必须是 <service>:<Action>。`,
      });
    }
    if (Ip !== '' && isIP(Ip) === 0) {
      throw invalid(ctx, {
        en: `Ip is ${JSON.stringify(Ip.slice(0, 64))}; it must be an IPv4 or IPv6 address.`,
        zh: `Ip 为 ${JSON.stringify(Ip.slice(0, 64))}，必须是 IPv4 或 IPv6 地址。`,
      });
    }
    const resource = readResource(parameters, ctx);
    const atMs = readTime(parameters, ctx);
    const { catalog } = ctx.services;
    const user: User | undefined = await catalog.users.byName(ctx.principal.accountId, UserName);
    if (user === undefined) {
      throw ctx.fail('ResourceNotFound.UserNotExist', {
        en: `There is no user ${JSON.stringify(UserName.slice(0, 64))}.`,
        zh: `不存在子用户 ${JSON.stringify(UserName.slice(0, 64))}。`,
      });
    }
    const grants = await readGrants(catalog, { secretId: '', accountId: user.accountId, uin: user.uin });
    const { outcome, by } = decide(grants, { action: PolicyAction, resource, ip: Ip, atMs, tags: [] });
    return {
      Allowed: outcome === 'allowed',
      Outcome: outcome,
      Reason: REASONS[outcome],
      PolicyId: by?.policy.policyId ?? 0,
      PolicyName: by?.policy.name ?? '',
      Statement: by?.statement ?? 0,
    };
  },
});

function readResource({ Resource: given = '*' }: Input, ctx: Context): Resource {
  const { accountId } = ctx.principal;
  if (given === '*') {
    return 'everything';
  }
  if (/^crs-[a-z0-9]+$/.test(given)) {
    return { service: 'redis', region: ctx.region, accountId, name: `instance/${given}` };
  }
  const [qcs, project, service, region, account, ...rest] = given.split(':');
  const name = rest.join(':');
  if (qcs !== 'qcs' || project !== '' || !service || name === '' || (account !== '' && account !== `uin/${accountId}`)) {
    throw invalid(ctx, {
      en: `Resource is ${JSON.stringify(given.slice(0, 128))}; it must be *, an instance id, or qcs::<service>:<region>:<account>:<resource> with an empty account or uin/${accountId}.`,
      zh: `Resource 为 ${JSON.stringify(given.slice(0, 128))}，必须是 *、实例 ID 或 qcs::<service>:<region>:<account>:<resource>，其中账号为空或 uin/${accountId}。`,
    });
  }
  return { service, region: region === undefined || region === '' ? ctx.region : region, accountId, name };
}

function readTime({ Time }: Input, ctx: Context): number {
  if (Time === undefined) {
    return ctx.services.clock.now();
  }
  const second = parsePolicyTime(Time);
  if (second === undefined) {
    throw invalid(ctx, {
      en: `Time is ${JSON.stringify(Time.slice(0, 64))}; it must be a real time, yyyy-MM-dd HH:mm:ss or ISO 8601.`,
      zh: `Time 为 ${JSON.stringify(Time.slice(0, 64))}，必须是真实时间，格式为 yyyy-MM-dd HH:mm:ss 或 ISO 8601。`,
    });
  }
  return second * 1000;
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
