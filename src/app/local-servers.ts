import { stat, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { LocalMachine } from '../api/local-machine.ts';
import type { Instance } from '../catalog/catalog.ts';
import { errnoOf } from '../lib/errno.ts';
import { isDomainError } from '../lib/errors.ts';
import { chooseServer } from '../managed/find-server.ts';
import { isPortFree } from '../managed/free-port.ts';
import type { StartRequest, Supervisor } from '../managed/supervisor.ts';
import type { LocalServers } from '../tasks/handlers/local-servers.ts';
import type { SecretBox } from './instance-secrets.ts';

/** The supervisor as tasks see it: with the password, limits and version that an instance's row has. */
export function createLocalServers({ supervisor, secrets }: { supervisor: Supervisor; secrets: SecretBox }): LocalServers {
  const toSettings = (instance: Instance) => ({
    password: secrets.open(instance).password ?? '',
    ...(instance.maxMemoryBytes === 0 ? {} : { maxMemoryBytes: instance.maxMemoryBytes }),
  });
  return {
    async start(instance, port, signal) {
      const { instanceId } = instance;
      if (supervisor.status(instanceId) !== undefined) {
        // One that could not be started again goes on running.
        chooseServer(await supervisor.servers(), wantedServer(instance).server);
        await supervisor.stop(instanceId);
      }
      signal.throwIfAborted();
      const end = () => void supervisor.stop(instanceId).catch(() => {});
      signal.addEventListener('abort', end, { once: true });
      try {
        return await supervisor.start({
          instanceId,
          port,
          ...toSettings(instance),
          ...wantedServer(instance),
        });
      } finally {
        signal.removeEventListener('abort', end);
      }
    },
    reconfigure: (instance) => supervisor.reconfigure(instance.instanceId, toSettings(instance)),
    stop: (instanceId) => supervisor.stop(instanceId),
    remove: (instanceId) => supervisor.remove(instanceId),
    async hasData(instanceId) {
      try {
        await stat(supervisor.directoryOf(instanceId));
        return true;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') {
          return false;
        }
        throw error;
      }
    },
  };
}

/** What servers of an earlier version have written newer ones read, and not the other way round. */
function wantedServer({ serverKind, serverVersion }: Instance): Pick<StartRequest, 'server'> {
  return serverKind === 'redis' || serverKind === 'valkey' ? { server: { kind: serverKind, version: serverVersion } } : {};
}

/** This machine as the API sees it, which decides whether one more instance has room here. `directory` holds the instances' data. */
export function createLocalMachine({ supervisor, directory }: { supervisor: Supervisor; directory: string }): LocalMachine {
  return {
    async engines() {
      try {
        return (await supervisor.servers()).map(({ kind, version }) => ({ serverKind: kind, serverVersion: version }));
      } catch (error) {
        if (isDomainError(error, 'server-not-found')) {
          return [];
        }
        throw error;
      }
    },
    async room() {
      const { bavail, bsize } = await statfs(directory);
      // A container may be allowed less than the machine has; 0 or a huge number where it is not.
      const limit = process.constrainedMemory();
      const total = totalmem();
      return {
        totalMemoryBytes: limit > 0 && limit < total ? limit : total,
        freeMemoryBytes: process.availableMemory(),
        freeDiskBytes: bavail * bsize,
      };
    },
    isPortFree,
  };
}
