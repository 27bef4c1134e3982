import { randomInt } from 'node:crypto';
import type { CatalogTables, Instance, ServerEngine, TaskKind } from '../../catalog/catalog.ts';
import { createInstanceId } from '../../lib/ids.ts';
import type { ActionContext } from '../action.ts';
import type { LocalMachine, MachineRoom } from '../local-machine.ts';
import type { CheckedTerms } from './order-terms.ts';

/** The codes with which an order is refused that this machine cannot carry. */
export const ROOM_ERRORS = ['LimitExceeded', 'ResourceInsufficient'] as const;

/** What is ordered. */
export interface Order {
  readonly terms: CheckedTerms;
  /** Of those that the machine has. */
  readonly engine: ServerEngine;
  readonly memoryBytes: number;
}

export interface PlacedOrder {
  /** Name and id of the deal, one text for both. */
  readonly dealName: string;
  readonly instanceIds: readonly string[];
}

const MOST_INSTANCES = 100;
const MEGABYTE = 1024 * 1024;
/** What the system and this service need beside the instances. */
const MEMORY_SHARE = 0.9;
/** The append-only file, and a second one while it is rewritten. */
const DISK_FACTOR = 2;
/** The vendor's smallest number, and so what its clients ask for; no replica runs. */
export const ORDERED_REPLICAS = 1;

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

type RoomContext = ActionContext<(typeof ROOM_ERRORS)[number] | 'UnsupportedOperation'>;

/**
 * Throws unless this process runs local instances and the machine has room for the order: memory for all that every managed instance may
 * take up, memory that is free now, disk, the port.
 */
export async function assertRoom(order: Order, ctx: RoomContext): Promise<void> {
  await compareRoom(order, await lookForRoom(order, ctx), ctx.services.catalog, ctx);
}

/** What the machine itself says, apart from what the catalog has promised to other orders. */
interface Supply extends MachineRoom {
  readonly isPortFree: boolean;
}

async function lookForRoom({ terms: { port } }: Order, ctx: RoomContext): Promise<Supply> {
  const machine = requireMachine(ctx);
  return { ...(await machine.room()), isPortFree: port === 0 || (await machine.isPortFree(port)) };
}

async function compareRoom({ terms, memoryBytes }: Order, supply: Supply, tables: CatalogTables, ctx: RoomContext): Promise<void> {
  const totals = await tables.instances.managedTotals();
  if (totals.instances + terms.count > MOST_INSTANCES) {
    throw ctx.fail('LimitExceeded', {
      en: `There are ${totals.instances} managed instances; at most ${MOST_INSTANCES} may be: clean one up first.`,
      zh: `已有 ${totals.instances} 个托管实例，最多 ${MOST_INSTANCES} 个：请先清理。`,
    });
  }
  const wanted = memoryBytes * terms.count;
  const { totalMemoryBytes, freeMemoryBytes, freeDiskBytes, isPortFree } = supply;
  const spareBytes = Math.max(0, Math.min(totalMemoryBytes * MEMORY_SHARE - totals.maxMemoryBytes, freeMemoryBytes));
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
  const { port } = terms;
  if (port !== 0 && (totals.ports.includes(port) || !isPortFree)) {
    throw ctx.fail('ResourceInsufficient', {
      en: `VPort ${port} is taken on this machine, where all instances share the loopback address: give another one, or none.`,
      zh: `本机端口 VPort ${port} 已被占用，所有实例共用回环地址：请换一个端口或不指定。`,
    });
  }
}

/**
 * Inserts the rows of an order in state creating, and for each a task of that kind, which `createManagedInstance` of the task handlers
 * serves, in one transaction. The worker is woken. Throws as `assertRoom` does; what other orders were promised is counted in that
 * transaction, so that of two at once the second sees the first.
 */
export async function placeOrder(
  order: Order,
  task: { readonly kind: TaskKind; readonly payload?: object },
  ctx: RoomContext,
): Promise<PlacedOrder> {
  const { catalog, clock, sealSecrets, wakeWorker } = ctx.services;
  const { accountId, uin } = ctx.principal;
  const { terms } = order;
  const createdAt = clock.now();
  const dealName = createDealName(createdAt);
  const rows = Array.from({ length: terms.count }, (_, index) => createRow(order, index, createdAt, ctx, sealSecrets));
  const supply = await lookForRoom(order, ctx);
  await catalog.transaction(async (tables) => {
    await compareRoom(order, supply, tables, ctx);
    for (const row of rows) {
      const { instanceId } = row;
      await tables.instances.insert(row);
      for (const tag of terms.tags) {
        await tables.tags.set({ instanceId, ...tag });
      }
      await tables.tasks.enqueue({
        accountId,
        region: ctx.region,
        instanceId,
        kind: task.kind,
        subject: dealName,
        payload: JSON.stringify({ port: terms.port, ...task.payload }),
        exclusiveKey: instanceId,
        createdAt,
        requestedBy: uin,
      });
    }
  });
  wakeWorker();
  return { dealName, instanceIds: rows.map(({ instanceId }) => instanceId) };
}

function createRow(
  { terms, engine, memoryBytes }: Order,
  index: number,
  createdAt: number,
  { principal, region }: Pick<ActionContext, 'principal' | 'region'>,
  sealSecrets: ActionContext['services']['sealSecrets'],
): Instance {
  const instanceId = createInstanceId();
  const numbered = terms.count === 1 ? terms.name : `${terms.name.slice(0, 57)}_${index + 1}`;
  return {
    instanceId,
    accountId: principal.accountId,
    region,
    name: terms.name === '' ? instanceId : numbered,
    kind: 'managed',
    state: 'creating',
    host: '127.0.0.1',
    port: terms.port,
    user: '',
    sealedSecrets: sealSecrets(instanceId, { password: terms.password }),
    tls: false,
    ...engine,
    usedMemoryBytes: 0,
    maxMemoryBytes: memoryBytes,
    replicas: ORDERED_REPLICAS,
    createdAt,
    detachedAt: null,
    zoneId: terms.zoneId,
    projectId: terms.projectId,
    deleteProtection: false,
    preferReplica: false,
  };
}

/** In the vendor's form: the day in UTC+8 and digits, twenty in all. */
function createDealName(atMs: number): string {
  const day = new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
  return `${day}${String(randomInt(1_000_000)).padStart(6, '0')}${String(randomInt(1_000_000)).padStart(6, '0')}`;
}

function toMegabytes(bytes: number): number {
  return Math.floor(bytes / MEGABYTE);
}
