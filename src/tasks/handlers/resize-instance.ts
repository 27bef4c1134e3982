import { setTimeout as delay } from 'node:timers/promises';
import type { ResizePayload } from '../../catalog/resize-task.ts';
import { DomainError } from '../../lib/errors.ts';
import { connectAdminClient } from '../../redis/admin-client.ts';
import type { TaskHandler } from '../task.ts';
import { createChangeInstanceHandler } from './change-instance.ts';
import type { ManagedSite } from './create-instance.ts';
import { type OpenSecrets, toSourceAddress } from './source-address.ts';

/**
 * Clients such as Terraform wait until they have seen Status 1, and only then for its end: where it passes between two of their looks they
 * wait for an hour.
 */
const SHOWN_MS = 2_000;
/** Source: SDK model, UpgradeInstanceRequest.MemSize. */
const SHRINK_FACTOR = 1.3;
const TIMEOUT_MS = 10_000;
const MEGABYTE = 1024 * 1024;

/** Changes how much memory a managed instance may take up. No data are moved. */
export function createResizeInstanceHandler(site: ManagedSite & { readonly openSecrets: OpenSecrets }): TaskHandler {
  return createChangeInstanceHandler(site, {
    async read(task, instance, { signal }) {
      const { maxMemoryBytes } = JSON.parse(task.payload) as ResizePayload;
      const shownMs = Math.min(SHOWN_MS, task.createdAt + SHOWN_MS - site.clock.now());
      await delay(Math.max(0, shownMs), undefined, { signal });
      if (maxMemoryBytes < instance.maxMemoryBytes) {
        const address = toSourceAddress(instance, site.openSecrets(instance));
        await using client = await connectAdminClient(address, { signal, timeoutMs: TIMEOUT_MS });
        const usedBytes = readUsedMemory(String(await client.command('INFO', 'memory')));
        if (usedBytes * SHRINK_FACTOR > maxMemoryBytes) {
          const used = Math.ceil(usedBytes / MEGABYTE);
          throw new DomainError(
            'instance-memory-in-use',
            `${used} MB are in use, and ${maxMemoryBytes / MEGABYTE} MB are less than 1.3 times that`,
            {
              hint: 'order more, or remove data first',
            },
          );
        }
      }
      return { maxMemoryBytes };
    },
  });
}

function readUsedMemory(info: string): number {
  const text = /^used_memory:(\d+)\r?$/m.exec(info)?.[1];
  if (text === undefined) {
    throw new DomainError('server-answer-unknown', 'INFO memory tells no used_memory');
  }
  return Number(text);
}
