import { DomainError } from '../lib/errors.ts';
import type { TargetState } from '../redis/target-state.ts';
import type { StoredShard } from '../repository/types.ts';

type Memory = Pick<TargetState, 'usedMemoryBytes' | 'maxMemoryBytes' | 'machineMemoryBytes' | 'evictsKeys'>;

/**
 * Throws `target-memory-short` where a target that is to hold a whole backup, and nothing else, could not, or would evict keys of it. Answers
 * a sentence where its limit is too low and it evicts nothing: as our replica it loads everything, and refuses writes afterwards.
 */
export function requireMemory(
  state: Memory,
  needs: { readonly usedMemoryBytes: number; readonly shard: Pick<StoredShard, 'sizeBytes'> },
  name: string,
): string | undefined {
  // An RDB is smaller than what it becomes, so it is the least where the backup does not tell more.
  const needed = Math.max(needs.usedMemoryBytes, needs.shard.sizeBytes);
  if (state.machineMemoryBytes > 0 && state.machineMemoryBytes < needed) {
    const has = `a machine of ${toMebibytes(state.machineMemoryBytes)} MiB`;
    throw memoryShort(`the backup needs about ${toMebibytes(needed)} MiB, ${name} has ${has}`, 'restore to a larger machine');
  }
  if (state.maxMemoryBytes === 0 || state.maxMemoryBytes >= needed) {
    return undefined;
  }
  const limit = `a maxmemory of ${toMebibytes(state.maxMemoryBytes)} MiB`;
  if (state.evictsKeys) {
    throw memoryShort(
      `the backup needs about ${toMebibytes(needed)} MiB, ${name} has ${limit} and evicts keys beyond it`,
      'raise maxmemory of the target, or set maxmemory-policy noeviction',
    );
  }
  return `the target has ${limit} and the backup needs about ${toMebibytes(needed)}: it will refuse writes afterwards`;
}

/**
 * Throws `target-memory-short` where keys of at least `neededBytes` do not fit beside what the target holds: it would evict keys of its
 * own for them, or refuse the last ones. With `replaces` they may all take the place of keys that are there.
 */
export function requireRoom(state: Memory, neededBytes: number, { replaces, name }: { replaces: boolean; name: string }): void {
  const { usedMemoryBytes, maxMemoryBytes } = state;
  const taken = replaces ? 0 : usedMemoryBytes;
  if (maxMemoryBytes > 0 && taken + neededBytes > maxMemoryBytes) {
    const [needed, limit, used] = [neededBytes, maxMemoryBytes, usedMemoryBytes].map(toMebibytes);
    throw memoryShort(
      `the keys need at least ${needed} MiB, ${name} has a maxmemory of ${limit} MiB and uses ${used} of it`,
      'raise maxmemory of the target, or choose fewer keys; nothing was changed',
    );
  }
}

export function memoryShort(message: string, hint: string): DomainError {
  return new DomainError('target-memory-short', message, { hint });
}

function toMebibytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 1024 ** 2);
}
