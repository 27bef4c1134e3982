import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { attach } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { COMPARABLE, fillEveryType } from '../harness/restore-data.ts';
import { makeDataDir, type RunningService, removeDataDir, startService } from '../harness/service.ts';
import type { Fault } from './faulty-files.ts';

/** A service with one source of every type of key, in whose repository a file operation can be made to fail, or to be its last. */
export interface FaultySite extends AsyncDisposable {
  readonly dataDir: string;
  readonly source: RedisServer;
  readonly instanceId: string;
  readonly service: RunningService;
  setFault(fault: Omit<Fault, 'id'>): Promise<void>;
  /** Takes the fault back; resolves to the operation at which it had happened, if it had. */
  takeFault(): Promise<string | undefined>;
  /** Waits for the end of a service that kills itself, and starts it again; resolves to the milliseconds until it was ready. */
  startAgain(): Promise<number>;
}

export async function openFaultySite(): Promise<FaultySite> {
  const dataDir = await makeDataDir();
  const control = join(dataDir, 'fault.json');
  const source = await startRedis(COMPARABLE);
  await fillEveryType(source);
  const env = {
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'faulty-files.ts')).href}`,
    REDKEEP_SOAK_FAULT: control,
    REDKEEP_RATE_LIMIT: 'off',
    REDKEEP_SOAK_FILES: join(dataDir, 'repository'),
  };
  let service = await startService(dataDir, { env });
  const instanceId = await attach(service, source);
  let faults = 0;
  return {
    dataDir,
    source,
    instanceId,
    get service() {
      return service;
    },
    async setFault(fault) {
      await rm(`${control}.told`, { force: true });
      await writeFile(`${control}.part`, JSON.stringify({ id: ++faults, ...fault } satisfies Fault));
      await writeFile(control, await readFile(`${control}.part`));
    },
    async takeFault() {
      await rm(control, { force: true });
      return readFile(`${control}.told`, 'utf8').catch(() => undefined);
    },
    async startAgain() {
      await service.kill();
      const startedAt = performance.now();
      service = await startService(dataDir, { env });
      return performance.now() - startedAt;
    },
    async [Symbol.asyncDispose]() {
      await service.stop();
      await source.stop();
      await removeDataDir(dataDir);
    },
  };
}
