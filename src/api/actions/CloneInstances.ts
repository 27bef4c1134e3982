import type { Static } from 'typebox';
import { USABLE_STATES } from '../../catalog/backup-state.ts';
import type { Backup, BackupState, Instance, ServerEngine } from '../../catalog/catalog.ts';
import { type ActionContext, defineAction } from '../action.ts';
import { bool, int64, list, optional, structure, text, uint64 } from '../schema.ts';
import { MOST_MEMORY_MB } from './CreateInstances.ts';
import { assertInstanceId, getInstance } from './instance-access.ts';
import { ROOM_ERRORS, requireMachine } from './machine-room.ts';
import { checkTerms, nodeSet, TERMS_ERRORS, unsupported } from './order-terms.ts';
import { placeOrder } from './place-order.ts';

const UNSUPPORTED = 'Not for local instances: refused unless it is left out.';

const input = structure({
  InstanceId: text('Id of the instance that the backup is of, also a detached one.'),
  GoodsNum: uint64('Instances to create, 1 to 10.'),
  ZoneId: uint64('Zone by number.'),
  BillingMode: int64('0 pay-as-you-go, the only one.'),
  Period: uint64('Months, 1 to 36; 1 for pay-as-you-go, where it has no effect.'),
  SecurityGroupIdList: optional(list(text('Id.'), UNSUPPORTED)),
  BackupId: text('Id of the backup that the new instances are filled from.'),
  NoAuth: optional(bool('false, the only one.')),
  VpcId: optional(text(UNSUPPORTED)),
  SubnetId: optional(text(UNSUPPORTED)),
  InstanceName: optional(
    text('Chinese or English letters, digits, - or _, at most 60. Default, and where it is empty: the id. Several instances are numbered.'),
  ),
  Password: optional(
    text('8 to 64 characters of two kinds out of lower case, upper case, digits and special ones. It is stored encrypted.'),
  ),
  AutoRenew: optional(uint64('0, the only one.')),
  VPort: optional(uint64('Port, 1024 to 65535; default: a free one.')),
  NodeSet: nodeSet('At most one master.'),
  ProjectId: optional(int64('Project. Default: 0.')),
  ResourceTags: optional(list(structure({ TagKey: text('Key.'), TagValue: text('Value.') }), 'Tags of the new instances.')),
  TemplateId: optional(text(UNSUPPORTED)),
  AlarmPolicyList: optional(list(text('Id.'), UNSUPPORTED)),
  CloneTime: optional(text('Of instances with second-level backups, which there are none of: refused unless it is left out.')),
  EncryptPassword: optional(bool('false, the only one.')),
  PasswordPolicy: optional(
    structure(
      {
        Enabled: bool('false, the only one.'),
        MinLetterCount: optional(int64('Letters.')),
        MinDigitCount: optional(int64('Digits.')),
        MinSpecialCount: optional(int64('Special characters.')),
        MinLength: optional(int64('Characters.')),
      },
      'Refused where it is enabled.',
    ),
  ),
  EnableSSL: optional(bool('false, the only one.')),
  SSLBindPrivateIPv4: optional(bool('Of EnableSSL.')),
  ProductVersion: optional(text('local, the only one.')),
});

type Input = Static<typeof input>;
type Context = ActionContext<
  | 'InvalidParameterValue.CheckNotPass'
  | 'InvalidParameterValue.SpecNotExist'
  | 'ResourceUnavailable.NoRedisService'
  | 'UnsupportedOperation'
>;

const GIGABYTE = 2 ** 30;
const MEGABYTE = 2 ** 20;

export const CloneInstances = defineAction({
  name: 'CloneInstances',
  product: 'redis',
  summary: 'Creates local managed instances that hold a backup.',
  description:
    'Each is a server of this machine, of the kind that the backup is of and of its version or a newer one, with as much memory as that had. DescribeInstances ' +
    'shows it at once with Status 0, then 1, then 2 when all data are in it. Where that fails, the instance is gone again and its task says why.',
  input,
  output: structure({
    DealId: text('Deal to ask DescribeInstanceDealDetail about.'),
    InstanceIds: list(text('Id.'), 'The new instances.'),
    DealName: text('As DealId.'),
  }),
  errors: [
    'InternalError.DbOperationFailed',
    'InternalError.InternalError',
    'InvalidParameter.EmptyParam',
    'InvalidParameter.PermissionDenied',
    'InvalidParameterValue.CheckNotPass',
    'ResourceNotFound.InstanceNotExists',
    'ResourceUnavailable.NoRedisService',
    'UnauthorizedOperation.NoCAMAuthed',
    ...ROOM_ERRORS,
    ...TERMS_ERRORS,
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: {
      InstanceId: 'crs-5a4py64p',
      GoodsNum: 1,
      ZoneId: 100001,
      BillingMode: 0,
      Period: 1,
      BackupId: '2e4127f8-affe-11e8-941e-4846fb00c75d',
      InstanceName: 'orders-copy',
      Password: 'correct-horse-7',
    },
    output: { DealId: '20260924000000000001', InstanceIds: ['crs-0k3v9x2m'], DealName: '20260924000000000001' },
  },

  async handle(parameters, ctx) {
    const { ZoneId, ...others } = parameters;
    const { InstanceId, BackupId } = parameters;
    for (const [name, id] of Object.entries({ InstanceId, BackupId })) {
      if (id === '') {
        throw ctx.fail('InvalidParameter.EmptyParam', { en: `${name} is empty.`, zh: `${name} 为空。` });
      }
    }
    assertInstanceId(InstanceId, ctx);
    if (!ctx.mayCall('redis:CreateInstances')) {
      throw ctx.fail('UnauthorizedOperation.NoCAMAuthed', {
        en: 'A clone is a new instance; beside redis:CloneInstances on its source it needs a right to redis:CreateInstances.',
        zh: '克隆会创建新实例，除对源实例的 redis:CloneInstances 权限外，还需要 redis:CreateInstances 权限。',
      });
    }
    // The one of a region without zones.
    const terms = checkTerms(ZoneId === 0 ? others : parameters, ctx);
    assertSupported(parameters, ctx);
    const { catalog } = ctx.services;
    const source = await getInstance(InstanceId, catalog, ctx);
    const backup = await catalog.backups.get(BackupId);
    assertClonable(backup, parameters, ctx);
    const order = { terms, engine: await findEngine(backup, ctx), memoryBytes: toMemory(source, backup, ctx) };
    const { dealName, instanceIds } = await placeOrder(order, { kind: 'clone-instance', payload: { backupId: BackupId } }, ctx);
    return { DealId: dealName, InstanceIds: [...instanceIds], DealName: dealName };
  },
});

function assertSupported(parameters: Input, ctx: Context): void {
  const { CloneTime = '', ProductVersion = 'local', PasswordPolicy, EnableSSL, SSLBindPrivateIPv4 } = parameters;
  for (const [name, isGiven] of Object.entries({
    CloneTime: CloneTime !== '',
    ProductVersion: ProductVersion !== 'local',
    PasswordPolicy: PasswordPolicy?.Enabled === true,
    EnableSSL: EnableSSL === true,
    SSLBindPrivateIPv4: SSLBindPrivateIPv4 === true,
  })) {
    if (isGiven) {
      throw unsupported(name, ctx);
    }
  }
}

function assertClonable(backup: Backup | undefined, { InstanceId, BackupId }: Input, ctx: Context): asserts backup is Backup {
  const quoted = JSON.stringify(BackupId.slice(0, 64));
  if (backup === undefined || backup.instanceId !== InstanceId || backup.state === 'failed') {
    throw ctx.fail('InvalidParameterValue.CheckNotPass', {
      en: `BackupId is ${quoted}; instance ${InstanceId} has no such backup.`,
      zh: `BackupId 为 ${quoted}，实例 ${InstanceId} 没有该备份。`,
    });
  }
  if (!(USABLE_STATES as readonly BackupState[]).includes(backup.state)) {
    throw ctx.fail('InvalidParameterValue.CheckNotPass', {
      en: `Backup ${BackupId} is ${backup.state}; it must be normal, converting or converted.`,
      zh: `备份 ${BackupId} 的状态为 ${backup.state}，必须为正常、转换中或已转换。`,
    });
  }
}

/** The oldest installed server that surely reads what the backup's own server wrote. */
async function findEngine({ serverKind, serverVersion }: Backup, ctx: Context): Promise<ServerEngine> {
  const engines = await requireMachine(ctx).engines();
  const fit = engines
    .filter((engine) => engine.serverKind === serverKind && compareVersions(engine.serverVersion, serverVersion) >= 0)
    .sort((a, b) => compareVersions(a.serverVersion, b.serverVersion));
  const [engine] = fit;
  if (engine === undefined) {
    const offered = engines.map((each) => `${each.serverKind} ${each.serverVersion}`).join(', ');
    throw ctx.fail('ResourceUnavailable.NoRedisService', {
      en: `The backup is of ${serverKind} ${serverVersion}; this machine has ${offered || 'no server'}: install that version or a newer one.`,
      zh: `备份来自 ${serverKind} ${serverVersion}；本机已安装：${offered || '无'}：请安装该版本或更新的版本。`,
    });
  }
  return engine;
}

/** By the numbers between the dots; negative where `a` is the older one. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const differences = [0, 1, 2].map((place) => (left?.[place] ?? 0) - (right?.[place] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

/** A managed instance's own; what an attached server may use, or twice what it used, in whole gigabytes. */
function toMemory(source: Instance, { sizeBytes }: Backup, ctx: Context): number {
  const isOrdered = source.kind === 'managed' && source.maxMemoryBytes >= sizeBytes;
  const needed = Math.max(source.maxMemoryBytes || source.usedMemoryBytes * 2, sizeBytes * 2);
  const memoryBytes = isOrdered ? source.maxMemoryBytes : Math.max(1, Math.ceil(needed / GIGABYTE)) * GIGABYTE;
  if (memoryBytes > MOST_MEMORY_MB * MEGABYTE) {
    throw ctx.fail('InvalidParameterValue.SpecNotExist', {
      en: `A clone needs ${memoryBytes / MEGABYTE} MB of memory; a local instance has at most ${MOST_MEMORY_MB} MB.`,
      zh: `克隆需要 ${memoryBytes / MEGABYTE} MB 内存，本地实例最多 ${MOST_MEMORY_MB} MB。`,
    });
  }
  return memoryBytes;
}
