import { isIP } from 'node:net';
import type { Static } from 'typebox';
import type { User } from '../../catalog/access.ts';
import { type ActionContext, type AnyAction, defineAction } from '../action.ts';
import { decideCall } from '../auth/decide-call.ts';
import { readGrants, readTags } from '../auth/grants.ts';
import type { Outcome } from '../auth/policy/evaluate.ts';
import { parsePolicyTime } from '../auth/policy/policy-time.ts';
import { toRegionName } from '../auth/policy/resource.ts';
import type { Message } from '../errors/message.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';

const input = structure({
  UserName: text('Name of the user.'),
  PolicyAction: text('Action as policies name it, such as redis:DescribeInstanceBackups.'),
  Resource: optional(
    text(
      'What the call names: * (default) for no instance; an instance id; or six segments such as qcs::redis:ap-guangzhou::instance/crs-5a4py64p. Their region, or else that of this request, is the region of the call.',
    ),
  ),
  Ip: optional(text('Address of the caller. Default: unknown, which meets ip_not_equal and no ip_equal.')),
  Time: optional(text('When, yyyy-MM-dd HH:mm:ss in UTC+8 or ISO 8601. Default: now.')),
});

const INSTANCE_ID = /^crs-[a-z0-9]{8}$/;

type Input = Static<typeof input>;
type Context = ActionContext<'InvalidParameter.InvalidParameter'>;

const REASONS = {
  allowed: 'A statement allows it and none denies it.',
  denied: 'A statement denies it.',
  withheld: 'The action is allowed, but not on this resource or not under these conditions.',
  never: 'No statement allows the action on anything.',
} as const satisfies Record<Outcome, string>;
const NEEDS_NOTHING = 'Everybody may call it: it needs no permission.';
const LISTS_SOME = 'It is allowed on some instances, and the answer holds only those.';

export const SimulatePolicy = defineAction({
  name: 'SimulatePolicy',
  product: 'redkeep',
  summary: 'Tells whether a user may do something, and which statement decides.',
  description:
    'Decides by the policies of the user as on a call by one of its permanent keys. Nothing is called and no instance is looked up.',
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
    const { UserName, Ip = '' } = parameters;
    const action = readAction(parameters, ctx);
    if (Ip !== '' && isIP(Ip) === 0) {
      throw invalid(ctx, {
        en: `Ip is ${JSON.stringify(Ip.slice(0, 64))}; it must be an IPv4 or IPv6 address.`,
        zh: `Ip 为 ${JSON.stringify(Ip.slice(0, 64))}，必须是 IPv4 或 IPv6 地址。`,
      });
    }
    const target = readTarget(parameters, action, ctx);
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
    const { accountId } = user;
    const tags = await readTags(catalog, grants, { accountId, region: target.region });
    const { outcome, by, canSee } = decideCall({ grants, accountId, region: target.region, ip: Ip, atMs, tags }, action, target.ids);
    return {
      Allowed: outcome === 'allowed',
      Outcome: outcome,
      Reason: action.access.resource === 'caller' ? NEEDS_NOTHING : canSee === undefined ? REASONS[outcome] : LISTS_SOME,
      PolicyId: by?.policy.policyId ?? 0,
      PolicyName: by?.policy.name ?? '',
      Statement: by?.statement ?? 0,
    };
  },
});

function readAction({ PolicyAction }: Input, ctx: Context): AnyAction {
  const { actions } = ctx.services;
  const action = actions.find(PolicyAction);
  if (action !== undefined) {
    return action;
  }
  const quoted = JSON.stringify(PolicyAction.slice(0, 64));
  const lowered = PolicyAction.toLowerCase();
  throw invalid(
    ctx,
    actions.names.some((name) => name.toLowerCase() === lowered)
      ? {
          en: `PolicyAction is ${quoted}, which is known, but Redkeep does not offer it: nobody may call it.`,
          zh: `PolicyAction 为 ${quoted}，该接口存在，但 Redkeep 不提供，任何人都无法调用。`,
        }
      : {
          en: `PolicyAction is ${quoted}; it must be an action, <service>:<Action>, such as redis:DescribeInstanceBackups.`,
          zh: `PolicyAction 为 ${quoted}，必须是接口名 <service>:<Action>，例如 redis:DescribeInstanceBackups。`,
        },
  );
}

interface Target {
  readonly region: string;
  readonly ids: readonly string[];
}

/** Where the call is made and what it names. Refuses what no call of that action can name. */
function readTarget({ Resource: given = '*', PolicyAction }: Input, action: AnyAction, ctx: Context): Target {
  const target = parseTarget(given, action, ctx);
  const { access } = action;
  if (typeof access.resource !== 'function') {
    if (target.ids.length > 0) {
      throw invalid(ctx, {
        en: `${PolicyAction} names no instance; leave Resource out.`,
        zh: `${PolicyAction} 不指定实例，请不要提供 Resource。`,
      });
    }
  } else if (target.ids.length === 0 && namesAlways(action)) {
    throw invalid(ctx, {
      en: `${PolicyAction} always names an instance; say in Resource which one.`,
      zh: `${PolicyAction} 必须指定实例，请在 Resource 中提供。`,
    });
  }
  return target;
}

/** Whether the required part of an input names an instance already. */
function namesAlways({ access, input: schema, example }: AnyAction): boolean {
  const required = new Set<string>(schema.required ?? []);
  const least = Object.fromEntries(Object.entries(example.input).filter(([name]) => required.has(name)));
  return typeof access.resource === 'function' && access.resource(least as never).length > 0;
}

function parseTarget(given: string, action: AnyAction, ctx: Context): Target {
  if (given === '*') {
    return { region: ctx.region, ids: [] };
  }
  if (INSTANCE_ID.test(given)) {
    return { region: ctx.region, ids: [given] };
  }
  const own = `uin/${ctx.principal.accountId}`;
  const [qcs, project, service = '', givenRegion = '', account, ...rest] = given.split(':');
  const name = rest.join(':');
  const id = name.startsWith('instance/') ? name.slice('instance/'.length) : '*';
  const region = givenRegion === '' ? ctx.region : toRegionName(givenRegion);
  const isOfAction =
    typeof action.access.resource === 'function' ? service.toLowerCase() === 'redis' : service.toLowerCase() === action.product;
  const isName = name === '*' || (name.startsWith('instance/') && (id === '*' || INSTANCE_ID.test(id)));
  if (qcs !== 'qcs' || project !== '' || !isOfAction || !isName || region === undefined || (account !== '' && account !== own)) {
    throw invalid(ctx, {
      en: `Resource is ${JSON.stringify(given.slice(0, 128))}; for this action it must be *, an instance id, or qcs::<service>:<region>:<account>:<resource> with the action's service (redis for instances), a known region or none, an empty account or ${own}, and * or instance/<id>.`,
      zh: `Resource 为 ${JSON.stringify(given.slice(0, 128))}，对该接口必须是 *、实例 ID 或 qcs::<service>:<region>:<account>:<resource>，其中服务为接口所属服务（实例为 redis），地域已知或为空，账号为空或 ${own}，资源为 * 或 instance/<id>。`,
    });
  }
  return { region, ids: id === '*' ? [] : [id] };
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
