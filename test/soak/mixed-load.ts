import type { SeededRandom } from '../../src/managed/seeded-random.ts';
import type { RedisServer } from '../harness/redis-server.ts';
import type { RunningService } from '../harness/service.ts';
import { readStatuses } from './invariants.ts';

/** What clients do to a service and its sources, at random. */
export interface LoadedSite {
  readonly service: RunningService;
  /** Written to throughout. */
  readonly busy: { readonly server: RedisServer; readonly instanceId: string };
  /** Never written to, so that all its backups hold the same. */
  readonly still: { readonly instanceId: string };
  /** Restores go here. */
  readonly target: { readonly instanceId: string };
  /** Backups whose deletion was asked for; nobody else removes one. */
  readonly deleted: Set<string>;
  /** Restores by their tasks. */
  readonly restores: Map<number, 'still' | 'target'>;
  readonly done: Record<string, number>;
}

/** Keeps three clients busy until the service is gone or `signal` aborted. Refusals are part of the load. */
export async function load(site: LoadedSite, random: SeededRandom, signal: AbortSignal): Promise<void> {
  const client = async () => {
    while (!signal.aborted) {
      await act(site, random, signal).catch(() => {});
    }
  };
  await Promise.all([client(), client(), client()]);
}

async function act(site: LoadedSite, random: SeededRandom, signal: AbortSignal): Promise<void> {
  const { service, busy, still, target } = site;
  const call = <Answer extends object>(product: string, action: string, parameters: object) =>
    service.client.call<Answer>(product, action, parameters);
  const InstanceId = random.pick([busy.instanceId, still.instanceId]);
  const usable = async (instanceId: string) => [...(await readStatuses(service, instanceId, [2, 4])).keys()];
  const anyOf = async (instanceId: string) => {
    const backups = await usable(instanceId);
    return backups[random.below(backups.length)];
  };
  const deeds: Record<string, () => Promise<unknown>> = {
    backup: () => call('redis', 'ManualBackupInstance', { InstanceId }),
    write: async () => {
      await busy.server.command('EVAL', WRITE, '0', String(random.below(1_000_000)));
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
    async download() {
      const { DownloadUrl } = await call<{ DownloadUrl: string[] }>('redis', 'DescribeBackupUrl', {
        InstanceId,
        BackupId: await anyOf(InstanceId),
      });
      await (await fetch(DownloadUrl[0] ?? '', { signal })).arrayBuffer();
    },
    async lock() {
      const named = { InstanceId, BackupId: await anyOf(InstanceId) };
      await call('redkeep', 'LockBackup', named);
      await call('redkeep', 'UnlockBackup', named);
    },
    async delete() {
      const backups = await usable(InstanceId);
      const BackupId = backups[random.below(backups.length)];
      if (backups.length > 3 && BackupId !== undefined) {
        site.deleted.add(BackupId);
        await call('redkeep', 'DeleteBackup', { InstanceId, BackupId });
      }
    },
    proof: async () => call('redkeep', 'VerifyBackup', { InstanceId, BackupId: await anyOf(InstanceId) }),
    schedule: () =>
      call('redis', 'ModifyAutoBackupConfig', {
        InstanceId,
        WeekDays: ['Monday', 'Tuesday', 'Thursday'],
        TimePeriod: random.pick(['01:00-02:00', '13:00-14:00']),
        BackupStorageDays: 7,
      }),
    async restore() {
      const of = random.pick<'still' | 'target'>(['still', 'target']);
      const BackupInstanceId = site[of].instanceId;
      const BackupId =
        of === 'still' ? await anyOf(BackupInstanceId) : [...(await readStatuses(service, BackupInstanceId, [2, 4])).keys()][0];
      const parameters = { InstanceId: target.instanceId, BackupId, BackupInstanceId };
      const { TaskId } = await call<{ TaskId: number }>('redkeep', 'RestoreBackup', parameters);
      site.restores.set(TaskId, of);
    },
  };
  const name = random.pick([
    'backup',
    'backup',
    'write',
    'write',
    'download',
    'lock',
    'delete',
    'delete',
    'proof',
    'schedule',
    'restore',
    'restore',
  ]);
  await deeds[name]?.();
  site.done[name] = (site.done[name] ?? 0) + 1;
}

const WRITE = `
math.randomseed(tonumber(ARGV[1]))
for i = 1, 20 do redis.call('SET', 'busy' .. math.random(2000), redis.sha1hex(tostring(math.random()))) end`;
