import type { ActionContext } from '../action.ts';
import type { Message } from '../errors/message.ts';
import { regions } from '../regions.ts';
import { int64, list, optional, structure, text, uint64 } from '../schema.ts';
import { toZoneId, toZoneName } from '../shapes/zones.ts';
import { assertTags } from './instance-tags.ts';

/** The codes with which terms are refused. */
export const TERMS_ERRORS = [
  'InvalidParameter.InvalidParameter',
  'InvalidParameterValue.InstanceNameRuleError',
  'InvalidParameterValue.InvalidSubnetId',
  'InvalidParameterValue.PasswordEmpty',
  'InvalidParameterValue.PasswordFreeDenied',
  'InvalidParameterValue.PasswordRuleError',
  'InvalidParameterValue.SecurityGroupIdsNotExists',
  'InvalidParameterValue.SpecNotExist',
  'InvalidParameterValue.UnVpcIdNotExists',
  'LimitExceeded.InvalidParameterGoodsNumNotInRange',
  'LimitExceeded.PeriodExceedMaxLimit',
  'LimitExceeded.PeriodLessThanMinLimit',
  'UnsupportedOperation',
] as const;

type Context = ActionContext<(typeof TERMS_ERRORS)[number]>;

/** The parameter NodeSet, the same in every order. Source: SDK model, RedisNodeInfo. */
export const nodeSet = (description: string) =>
  optional(
    list(
      structure({
        NodeType: int64('0 master, 1 replica.'),
        NodeId: optional(int64('Not used.')),
        ZoneId: optional(uint64('Zone.')),
        ZoneName: optional(text('Zone.')),
      }),
      description,
    ),
  );

/** What CreateInstances and CloneInstances both say of the instances that they order, all but engine and memory. */
export interface OrderTerms {
  readonly GoodsNum: number;
  readonly Period: number;
  readonly BillingMode: number;
  readonly ZoneId?: number;
  readonly ZoneName?: string;
  readonly Password?: string;
  readonly NoAuth?: boolean;
  readonly EncryptPassword?: boolean;
  readonly VpcId?: string;
  readonly SubnetId?: string;
  readonly SecurityGroupIdList?: readonly string[];
  readonly ProjectId?: number;
  readonly AutoRenew?: number;
  readonly VPort?: number;
  readonly InstanceName?: string;
  readonly NodeSet?: ReadonlyArray<{ readonly NodeType: number; readonly ZoneId?: number }>;
  readonly ResourceTags?: ReadonlyArray<{ readonly TagKey: string; readonly TagValue: string }>;
  readonly TemplateId?: string;
  readonly AlarmPolicyList?: readonly string[];
}

/** The terms as they are kept. */
export interface CheckedTerms {
  readonly count: number;
  /** 0 in a region without zones. */
  readonly zoneId: number;
  readonly password: string;
  readonly projectId: number;
  /** 0: any. */
  readonly port: number;
  /** `` : each instance is named as its id. */
  readonly name: string;
  readonly tags: ReadonlyArray<{ readonly key: string; readonly value: string }>;
}

const MOST_GOODS = 10;
const MOST_PERIOD = 36;
const [LOWEST_PORT, HIGHEST_PORT] = [1024, 65_535];
/** SDK model, CreateInstancesRequest.InstanceName: Chinese, English, digits, dash and underline. */
const NAME = /^[\p{Script=Han}A-Za-z0-9_-]{1,60}$/u;

/** Throws with one of `TERMS_ERRORS` for what is wrong, or what a local instance cannot be. */
export function checkTerms(terms: OrderTerms, ctx: Context): CheckedTerms {
  const { GoodsNum, ProjectId = 0, VPort } = terms;
  if (GoodsNum < 1 || GoodsNum > MOST_GOODS) {
    throw ctx.fail('LimitExceeded.InvalidParameterGoodsNumNotInRange', {
      en: `GoodsNum is ${GoodsNum}; it must be 1 to ${MOST_GOODS}.`,
      zh: `GoodsNum 为 ${GoodsNum}，必须是 1 到 ${MOST_GOODS}。`,
    });
  }
  assertBilling(terms, ctx);
  assertNetwork(terms, ctx);
  assertUnsupported(terms, ctx);
  if (VPort !== undefined && (VPort < LOWEST_PORT || VPort > HIGHEST_PORT)) {
    throw invalid(ctx, {
      en: `VPort is ${VPort}; it must be ${LOWEST_PORT} to ${HIGHEST_PORT}.`,
      zh: `VPort 为 ${VPort}，必须是 ${LOWEST_PORT} 到 ${HIGHEST_PORT}。`,
    });
  }
  if (VPort !== undefined && GoodsNum > 1) {
    throw invalid(ctx, {
      en: `VPort is ${VPort} for ${GoodsNum} instances; they share the loopback address of this machine, so order one at a time or no port.`,
      zh: `VPort 为 ${VPort}，但 GoodsNum 为 ${GoodsNum}；各实例共用本机回环地址，请逐个创建或不指定端口。`,
    });
  }
  assertProjectId(ProjectId, ctx);
  return {
    count: GoodsNum,
    zoneId: readZone(terms, ctx),
    password: readPassword(terms, ctx),
    projectId: ProjectId,
    port: VPort ?? 0,
    name: readName(terms, ctx),
    tags: assertTags('ResourceTags', terms.ResourceTags ?? [], ctx),
  };
}

/** Throws InvalidParameterValue.InstanceNameRuleError unless the vendor's rule for names holds. */
export function assertInstanceName(
  parameter: string,
  name: string,
  ctx: ActionContext<'InvalidParameterValue.InstanceNameRuleError'>,
): void {
  if (!NAME.test(name)) {
    const quoted = JSON.stringify(name.slice(0, 64));
    throw ctx.fail('InvalidParameterValue.InstanceNameRuleError', {
      en: `${parameter} is ${quoted}; it must have 1 to 60 Chinese or English letters, digits, - or _.`,
      zh: `${parameter} 为 ${quoted}，只能包含 1 到 60 个中文、英文字母、数字、“-”或“_”。`,
    });
  }
}

/** Throws InvalidParameter.InvalidParameter for a number that no project has, or that would not come back as it was given. */
export function assertProjectId(id: number, ctx: ActionContext<'InvalidParameter.InvalidParameter'>): void {
  if (id < 0 || !Number.isSafeInteger(id)) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `ProjectId is ${id}; it must be 0 to ${Number.MAX_SAFE_INTEGER}.`,
      zh: `ProjectId 为 ${id}，必须是 0 到 ${Number.MAX_SAFE_INTEGER}。`,
    });
  }
}

function readName({ InstanceName = '' }: OrderTerms, ctx: Context): string {
  if (InstanceName !== '') {
    assertInstanceName('InstanceName', InstanceName, ctx);
  }
  return InstanceName;
}

function assertBilling({ Period, BillingMode, AutoRenew = 0 }: OrderTerms, ctx: Context): void {
  if (Period < 1) {
    throw ctx.fail('LimitExceeded.PeriodLessThanMinLimit', {
      en: `Period is ${Period}; it must be at least 1, which is what pay-as-you-go takes.`,
      zh: `Period 为 ${Period}，不能小于 1，按量计费请填 1。`,
    });
  }
  if (Period > MOST_PERIOD) {
    throw ctx.fail('LimitExceeded.PeriodExceedMaxLimit', {
      en: `Period is ${Period}; it must be at most ${MOST_PERIOD}.`,
      zh: `Period 为 ${Period}，不能大于 ${MOST_PERIOD}。`,
    });
  }
  if (BillingMode !== 0) {
    throw ctx.fail('UnsupportedOperation', {
      en: `BillingMode is ${BillingMode}; a local instance costs nothing and is pay-as-you-go: give 0.`,
      zh: `BillingMode 为 ${BillingMode}；本地实例不收费，仅支持按量计费：请填 0。`,
    });
  }
  if (AutoRenew !== 0) {
    throw ctx.fail('UnsupportedOperation', {
      en: `AutoRenew is ${AutoRenew}; a pay-as-you-go instance is not renewed: leave it out or give 0.`,
      zh: `AutoRenew 为 ${AutoRenew}；按量计费实例无需续费：请省略或填 0。`,
    });
  }
}

function assertNetwork({ VpcId = '', SubnetId = '', SecurityGroupIdList = [] }: OrderTerms, ctx: Context): void {
  if (VpcId !== '') {
    throw ctx.fail('InvalidParameterValue.UnVpcIdNotExists', {
      en: `VpcId is ${JSON.stringify(VpcId.slice(0, 64))}; there are no VPCs here, an instance listens on loopback: leave it out.`,
      zh: `VpcId 为 ${JSON.stringify(VpcId.slice(0, 64))}；此处没有私有网络，实例监听回环地址：请省略该参数。`,
    });
  }
  if (SubnetId !== '') {
    throw ctx.fail('InvalidParameterValue.InvalidSubnetId', {
      en: `SubnetId is ${JSON.stringify(SubnetId.slice(0, 64))}; there are no subnets here: leave it out.`,
      zh: `SubnetId 为 ${JSON.stringify(SubnetId.slice(0, 64))}；此处没有子网：请省略该参数。`,
    });
  }
  if (SecurityGroupIdList.length > 0) {
    throw ctx.fail('InvalidParameterValue.SecurityGroupIdsNotExists', {
      en: 'SecurityGroupIdList names security groups; there are none here: leave it out.',
      zh: 'SecurityGroupIdList 指定了安全组；此处没有安全组：请省略该参数。',
    });
  }
}

function assertUnsupported({ NodeSet = [], TemplateId = '', AlarmPolicyList = [], EncryptPassword }: OrderTerms, ctx: Context): void {
  const [other] = NodeSet.filter((node) => node.NodeType !== 0);
  if (other !== undefined || NodeSet.length > 1) {
    throw ctx.fail('InvalidParameterValue.SpecNotExist', {
      en: `NodeSet names ${NodeSet.length} nodes; a local instance is one master without replicas: leave it out.`,
      zh: `NodeSet 指定了 ${NodeSet.length} 个节点；本地实例只有一个主节点，没有副本：请省略该参数。`,
    });
  }
  for (const [name, isGiven] of Object.entries({
    TemplateId: TemplateId !== '',
    AlarmPolicyList: AlarmPolicyList.length > 0,
    EncryptPassword: EncryptPassword === true,
  })) {
    if (isGiven) {
      throw unsupported(name, ctx);
    }
  }
}

/** The error for a parameter that asks for what a local instance cannot be. */
export function unsupported(name: string, ctx: ActionContext<'UnsupportedOperation'>): Error {
  return ctx.fail('UnsupportedOperation', {
    en: `${name} asks for what a local instance cannot do: leave it out.`,
    zh: `${name} 的功能本地实例不支持：请省略该参数。`,
  });
}

function readZone({ ZoneId, ZoneName = '' }: OrderTerms, ctx: Context): number {
  const region = regions.get(ctx.region);
  const zoneIds = region?.zoneIds ?? [];
  const named = region === undefined || ZoneName === '' ? undefined : toZoneId(region, ZoneName);
  const wanted = ZoneId ?? named ?? (ZoneName === '' ? (zoneIds[0] ?? 0) : undefined);
  const isKnown = wanted !== undefined && (zoneIds.includes(wanted) || (ZoneId === undefined && ZoneName === ''));
  if (!isKnown || (ZoneName !== '' && named !== wanted)) {
    const quoted = ZoneName === '' ? `ZoneId ${ZoneId}` : `ZoneName ${JSON.stringify(ZoneName.slice(0, 64))}`;
    const zones = region === undefined ? '' : zoneIds.map((zoneId) => `${zoneId} (${toZoneName(region, zoneId)})`).join(', ');
    throw invalid(ctx, {
      en: `${quoted} is no zone of ${ctx.region}, or not that of ZoneId; its zones are ${zones || 'none'}.`,
      zh: `${quoted} 不是 ${ctx.region} 的可用区，或与 ZoneId 不一致；可用区有：${zones || '无'}。`,
    });
  }
  return wanted;
}

const SPECIALS = /[()`~!@#$%^&*\-+=_|{}[\]:;<>,.?/]/;

function readPassword({ Password = '', NoAuth }: OrderTerms, ctx: Context): string {
  if (NoAuth === true) {
    throw ctx.fail('InvalidParameterValue.PasswordFreeDenied', {
      en: 'NoAuth is true; only an instance in a VPC may go without a password, and there are no VPCs here: give a Password.',
      zh: 'NoAuth 为 true；仅私有网络中的实例可以免密，而此处没有私有网络：请提供 Password。',
    });
  }
  if (Password === '') {
    throw ctx.fail('InvalidParameterValue.PasswordEmpty', {
      en: 'Password is empty; an instance needs one of 8 to 64 characters.',
      zh: 'Password 为空；实例需要 8 到 64 个字符的密码。',
    });
  }
  assertPasswordRule(Password, ctx);
  return Password;
}

/** Throws InvalidParameterValue.PasswordRuleError unless the vendor's rule for passwords holds. Source: SDK model, CreateInstancesRequest.Password. */
export function assertPasswordRule(Password: string, ctx: ActionContext<'InvalidParameterValue.PasswordRuleError'>): void {
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/, SPECIALS].filter((pattern) => pattern.test(Password)).length;
  if (!/^[A-Za-z0-9()`~!@#$%^&*\-+=_|{}[\]:;<>,.?/]{8,64}$/.test(Password) || Password.startsWith('/') || classes < 2) {
    throw ctx.fail('InvalidParameterValue.PasswordRuleError', {
      en: 'Password must have 8 to 64 characters of at least two kinds: lower case, upper case, digits, ()`~!@#$%^&*-+=_|{}[]:;<>,.?/ and must not start with /.',
      zh: 'Password 必须为 8 到 64 个字符，至少包含小写字母、大写字母、数字和 ()`~!@#$%^&*-+=_|{}[]:;<>,.?/ 中的两种，且不能以“/”开头。',
    });
  }
}

function invalid(ctx: Context, text: Message): Error {
  return ctx.fail('InvalidParameter.InvalidParameter', text);
}
