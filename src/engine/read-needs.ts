import { DomainError } from '../lib/errors.ts';
import { createRdbScanner } from '../redis/rdb/scanner.ts';
import type { AttemptReader } from '../repository/attempt-reader.ts';
import type { BackupNeeds } from './check-target.ts';
import { SERVER_SETTINGS_SECTION } from './run-backup.ts';

/** Auxiliary fields stand at the beginning of an RDB and are short. */
const HEAD_BYTES = 4096;

/** What a target must have for a backup. Throws `backup-has-many-shards`. */
export async function readNeeds(reader: AttemptReader, signal: AbortSignal): Promise<BackupNeeds> {
  const { manifest } = reader;
  const [shard] = manifest.shards;
  if (shard === undefined || manifest.shards.length !== 1) {
    throw new DomainError('backup-has-many-shards', `backup ${manifest.backupId} has ${manifest.shards.length} shards, not one`);
  }
  const scanner = createRdbScanner();
  for await (const bytes of reader.readRange(0, 0, Math.min(HEAD_BYTES, shard.sizeBytes), { signal })) {
    scanner.write(bytes);
  }
  return { shard, usedMemoryBytes: Number(scanner.auxiliary()['used-mem'] ?? 0) || 0, modules: await readModuleNames(reader, signal) };
}

async function readModuleNames(reader: AttemptReader, signal: AbortSignal): Promise<readonly string[]> {
  if (!reader.manifest.sections.some(({ name }) => name === SERVER_SETTINGS_SECTION)) {
    return [];
  }
  const settings: unknown = JSON.parse((await reader.section(SERVER_SETTINGS_SECTION, { signal })).toString());
  const modules = typeof settings === 'object' && settings !== null && 'modules' in settings ? settings.modules : [];
  // Each is `name version`.
  return Array.isArray(modules) ? modules.map((module) => String(module).split(' ')[0] ?? '').filter((name) => name !== '') : [];
}
