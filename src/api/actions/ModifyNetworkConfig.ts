import type { Static } from 'typebox';
import { type ActionContext, defineAction } from '../action.ts';
import { bool, int64, optional, structure, text } from '../schema.ts';
import { assertInstanceId } from './instance-access.ts';
import { lookForRoom } from './machine-room.ts';
import { MOVE_ERRORS, moveManaged } from './managed-access.ts';

const OPERATIONS: readonly string[] = ['changeVip', 'changeVpc', 'changeBaseToVpc', 'changeVPort'];
const [LOWEST_PORT, HIGHEST_PORT] = [1024, 65_535];
const UNSUPPORTED = 'Not for local instances: of the operations that are refused.';

const input = structure({
  InstanceId: text('Id of the instance.'),
  Operation: text('changeVPort, the only one.'),
  Vip: optional(text(UNSUPPORTED)),
  VpcId: optional(text(UNSUPPORTED)),
  SubnetId: optional(text(UNSUPPORTED)),
  Recycle: optional(int64('0, the only one: the old port is free at once.')),
  VPort: optional(int64('The new port, 1024 to 65535; required.')),
});

export const ModifyNetworkConfig = defineAction({
  name: 'ModifyNetworkConfig',
  product: 'redis',
  summary: 'Moves a managed instance to another port.',
  description:
    'A task starts its server again there, so that connections break. Where the port is taken by then it serves on the old one, and the task fails.',
  input,
  output: structure({
    Status: bool('true.'),
    SubnetId: text('Always empty.'),
    VpcId: text('Always empty.'),
    Vip: text('Address of the instance.'),
    TaskId: int64('Task to ask DescribeTaskInfo about.'),
  }),
  errors: [
    ...MOVE_ERRORS,
    'InvalidParameter.NotSupported',
    'InvalidParameterValue.CheckNotPass',
    'ResourceUnavailable.InstanceStatusError',
  ],
  access: { kind: 'write', resource: ({ InstanceId }) => [InstanceId] },
  ratePerSecond: 20,
  regionRequired: true,
  example: {
    input: { InstanceId: 'crs-7m2k9q4d', Operation: 'changeVPort', VPort: 20_101 },
    output: { Status: true, SubnetId: '', VpcId: '', Vip: '127.0.0.1', TaskId: 2 },
  },

  async handle(parameters, ctx) {
    const { InstanceId } = parameters;
    assertInstanceId(InstanceId, ctx);
    const port = readPort(parameters, ctx);
    const { isPortFree } = await lookForRoom({ port }, ctx);
    let host = '';
    const TaskId = await moveManaged(
      InstanceId,
      { from: 'online', under: 'changing', kind: 'move-port', payload: { port } },
      async (instance, tables) => {
        if (instance.kind !== 'managed') {
          throw ctx.fail('InvalidParameter.NotSupported', {
            en: `Instance ${InstanceId} is attached: its port is not Redkeep's to change. Detach it, and attach it again where it is.`,
            zh: `实例 ${InstanceId} 是接入的实例，其端口不由本服务管理：请解绑后按新地址重新接入。`,
          });
        }
        if (instance.state !== 'online') {
          throw ctx.fail('ResourceUnavailable.InstanceStatusError', {
            en: `Instance ${InstanceId} is ${instance.state}; it must be online.`,
            zh: `实例 ${InstanceId} 的状态为 ${instance.state}，必须为 online。`,
          });
        }
        if (!isPortFree || (await tables.instances.managedTotals()).ports.includes(port)) {
          throw ctx.fail('InvalidParameterValue.CheckNotPass', {
            en: `VPort ${port} is taken on this machine, where all instances share the loopback address: give another one.`,
            zh: `本机端口 VPort ${port} 已被占用，所有实例共用回环地址：请换一个端口。`,
          });
        }
        ({ host } = instance);
      },
      ctx,
    );
    return { Status: true, SubnetId: '', VpcId: '', Vip: host, TaskId };
  },
});

type Context = ActionContext<'InvalidParameter.InvalidParameter' | 'InvalidParameter.NotSupported'>;

function readPort({ Operation, VPort, Recycle = 0 }: Static<typeof input>, ctx: Context): number {
  if (!OPERATIONS.includes(Operation)) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `Operation is ${JSON.stringify(Operation.slice(0, 64))}; it must be changeVPort.`,
      zh: `Operation 为 ${JSON.stringify(Operation.slice(0, 64))}，必须是 changeVPort。`,
    });
  }
  if (Operation !== 'changeVPort' || Recycle !== 0) {
    throw ctx.fail('InvalidParameter.NotSupported', {
      en: `Operation is ${Operation} with Recycle ${Recycle}; a local instance listens on loopback, and only its port can change: give changeVPort, and no Recycle.`,
      zh: `Operation 为 ${Operation}，Recycle 为 ${Recycle}；本地实例监听回环地址，只能修改端口：请使用 changeVPort，且不指定 Recycle。`,
    });
  }
  if (VPort === undefined || VPort < LOWEST_PORT || VPort > HIGHEST_PORT) {
    throw ctx.fail('InvalidParameter.InvalidParameter', {
      en: `VPort is ${VPort ?? 'absent'}; it must be ${LOWEST_PORT} to ${HIGHEST_PORT}.`,
      zh: `VPort ${VPort === undefined ? '缺失' : `为 ${VPort}`}，必须是 ${LOWEST_PORT} 到 ${HIGHEST_PORT}。`,
    });
  }
  return VPort;
}
