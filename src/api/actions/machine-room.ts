import type { CatalogTables } from '../../catalog/catalog.ts';
import type { ActionContext } from '../action.ts';
import type { LocalMachine, MachineRoom } from '../local-machine.ts';

/** The codes with which instances are refused that this machine cannot carry. */
export const ROOM_ERRORS = ['LimitExceeded', 'ResourceInsufficient'] as const;

export type RoomContext = ActionContext<(typeof ROOM_ERRORS)[number] | 'UnsupportedOperation'>;

/** What new instances take up. */
export interface Demand {
  readonly count: number;
  /** Of each. */
  readonly memoryBytes: number;
  /** 0: any. */
  readonly port: number;
}

/** What the machine itself says, apart from what the catalog has promised to others. */
export interface Supply extends MachineRoom {
  readonly isPortFree: boolean;
}

const MOST_INSTANCES = 100;
const MEGABYTE = 1024 * 1024;
/** What the system and this service need beside the instances. */
const MEMORY_SHARE = 0.9;
/** The append-only file, and a second one while it is rewritten. */
const DISK_FACTOR = 2;

/** The machine on which this process runs instances. Throws UnsupportedOperation where it runs none. */
export function requireMachine(ctx: ActionContext<'UnsupportedOperation'>): LocalMachine {
  const { machine } = ctx.services;
  if (machine === undefined) {
    throw ctx.fail('UnsupportedOperation', {
      en: 'This node runs no local instances; they need a service of --role all. Attach a running server with AttachInstance instead.',
      zh: '本节点不运行本地实例，需要以 --role all 启动服务；也可用 AttachInstance 接入已有服务器。',
    });
  }
  return machine;
}

/** Looks at the machine, before the transaction in which `assertRoom` decides. Throws UnsupportedOperation where it runs no instances. */
export async function lookForRoom({ port }: Pick<Demand, 'port'>, ctx: ActionContext<'UnsupportedOperation'>): Promise<Supply> {
  const machine = requireMachine(ctx);
  return { ...(await machine.room()), isPortFree: port === 0 || (await machine.isPortFree(port)) };
}

/**
 * Throws unless the machine has room: memory for all that every managed instance may take up, memory that is free now, disk, the port. In
 * the transaction that takes the room up, so that of two at once the second sees the first.
 */
export async function assertRoom(
  { count, memoryBytes, port }: Demand,
  supply: Supply,
  tables: Pick<CatalogTables, 'instances'>,
  ctx: ActionContext<(typeof ROOM_ERRORS)[number]>,
): Promise<void> {
  const totals = await tables.instances.managedTotals();
  if (totals.instances + count > MOST_INSTANCES) {
    throw ctx.fail('LimitExceeded', {
      en: `There are ${totals.instances} managed instances; at most ${MOST_INSTANCES} may be: clean one up first.`,
      zh: `已有 ${totals.instances} 个托管实例，最多 ${MOST_INSTANCES} 个：请先清理。`,
    });
  }
  assertSpare(memoryBytes * count, supply, totals.maxMemoryBytes, ctx);
  if (port !== 0 && (totals.ports.includes(port) || !supply.isPortFree)) {
    throw ctx.fail('ResourceInsufficient', {
      en: `VPort ${port} is taken on this machine, where all instances share the loopback address: give another one, or none.`,
      zh: `本机端口 VPort ${port} 已被占用，所有实例共用回环地址：请换一个端口或不指定。`,
    });
  }
}

/** As `assertRoom`, for so many bytes more of memory of an instance that there is. */
export async function assertGrowth(
  bytes: number,
  supply: Supply,
  tables: Pick<CatalogTables, 'instances'>,
  ctx: ActionContext<'ResourceInsufficient'>,
): Promise<void> {
  const { maxMemoryBytes } = await tables.instances.managedTotals();
  assertSpare(bytes, supply, maxMemoryBytes, ctx);
}

function assertSpare(wanted: number, supply: Supply, promisedBytes: number, ctx: ActionContext<'ResourceInsufficient'>): void {
  const { totalMemoryBytes, freeMemoryBytes, freeDiskBytes } = supply;
  const spareBytes = Math.max(0, Math.min(totalMemoryBytes * MEMORY_SHARE - promisedBytes, freeMemoryBytes));
  if (wanted > spareBytes) {
    throw ctx.fail('ResourceInsufficient', {
      en: `${toMegabytes(wanted)} MB of memory are ordered and ${toMegabytes(spareBytes)} MB are to be had on this machine: order less, or clean up an instance.`,
      zh: `所需内存 ${toMegabytes(wanted)} MB，本机可用 ${toMegabytes(spareBytes)} MB：请减小规格或清理实例。`,
    });
  }
  if (wanted * DISK_FACTOR > freeDiskBytes) {
    throw ctx.fail('ResourceInsufficient', {
      en: `Instances of ${toMegabytes(wanted)} MB need ${toMegabytes(wanted * DISK_FACTOR)} MB of disk and ${toMegabytes(freeDiskBytes)} MB are free: order less, or free some.`,
      zh: `${toMegabytes(wanted)} MB 的实例需要 ${toMegabytes(wanted * DISK_FACTOR)} MB 磁盘，可用 ${toMegabytes(freeDiskBytes)} MB：请减小规格或释放磁盘。`,
    });
  }
}

function toMegabytes(bytes: number): number {
  return Math.floor(bytes / MEGABYTE);
}
