import { randomInt } from 'node:crypto';
import type { Instance, ServerEngine, TaskKind } from '../../catalog/catalog.ts';
import { createInstanceId } from '../../lib/ids.ts';
import type { ActionContext } from '../action.ts';
import { assertRoom, type Demand, lookForRoom, type RoomContext } from './machine-room.ts';
import type { CheckedTerms } from './order-terms.ts';

/** What is ordered. */
export interface Order {
  readonly terms: CheckedTerms;
  /** Of those that the machine has. */
  readonly engine: ServerEngine;
  readonly memoryBytes: number;
}

/** What an order takes up. */
export function toDemand({ terms, memoryBytes }: Order): Demand {
  return { count: terms.count, memoryBytes, port: terms.port };
}

export interface PlacedOrder {
  /** Name and id of the deal, one text for both. */
  readonly dealName: string;
  readonly instanceIds: readonly string[];
}

/** The vendor's smallest number, and so what its clients ask for; no replica runs. */
export const ORDERED_REPLICAS = 1;

/**
 * Inserts the rows of an order in state creating, and for each a task of that kind, which `createManagedInstance` of the task handlers
 * serves, in one transaction. The worker is woken. Throws as `assertRoom` does, in that
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
  const demand = toDemand(order);
  const supply = await lookForRoom(demand, ctx);
  await catalog.transaction(async (tables) => {
    await assertRoom(demand, supply, tables, ctx);
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
  const numbered = terms.count === 1 ? terms.name : `${[...terms.name].slice(0, 57).join('')}_${index + 1}`;
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
export function createDealName(atMs: number): string {
  const day = new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
  return `${day}${String(randomInt(1_000_000)).padStart(6, '0')}${String(randomInt(1_000_000)).padStart(6, '0')}`;
}
