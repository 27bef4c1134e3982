import type { Catalog } from '../../catalog/catalog.ts';
import { lookAtSource } from '../../engine/look-at-source.ts';
import { DomainError } from '../../lib/errors.ts';
import type { TaskHandler } from '../task.ts';
import { type OpenSecrets, toSourceAddress } from './source-address.ts';

/**
 * The first look at a new instance: attaching → online, or the row goes and the task says why. A wrong address is no passing fault, so
 * there is one try.
 */
export function createAttachInstanceHandler(options: { catalog: Catalog; openSecrets: OpenSecrets }): TaskHandler {
  return {
    concurrency: 4,
    maxTries: 1,
    async run(task, { signal, log }) {
      const instance = await options.catalog.instances.get(task.instanceId);
      if (instance === undefined) {
        throw new DomainError('instance-not-found', `there is no instance ${task.instanceId}`);
      }
      const info = await lookAtSource(toSourceAddress(instance, options.openSecrets(instance)), signal);
      for (const warning of info.warnings) {
        log.warn({ instanceId: task.instanceId, warning }, 'instance.warning');
      }
      return (tables) =>
        tables.instances.recordLook(task.instanceId, {
          serverKind: info.serverKind,
          serverVersion: info.serverVersion,
          usedMemoryBytes: info.usedMemoryBytes ?? 0,
          maxMemoryBytes: info.maxMemoryBytes ?? 0,
          replicas: info.replicas ?? 0,
        });
    },
    async recordFailure(task, tables) {
      await tables.instances.discard(task.instanceId);
    },
  };
}
