import { runBackup } from './run-backup.ts';
import { runConversion } from './run-conversion.ts';
import { runProof } from './run-proof.ts';
import { runRestore } from './run-restore.ts';
import { runScrub } from './run-scrub.ts';
import { runSettle } from './run-settle.ts';

/**
 * What an engine thread can be told to do. Each takes a plain message and options with `signal`, `onProgress` and, where it must not go on
 * before something is durable, `mark`; its result is a plain message too.
 */
export const ENGINE_JOBS = {
  backup: runBackup,
  conversion: runConversion,
  proof: runProof,
  restore: runRestore,
  settle: runSettle,
  scrub: runScrub,
};

export type EngineJobs = typeof ENGINE_JOBS;

/** The jobs that nobody waits for, whose threads leave the processor to all others. */
export const BACKGROUND_JOBS: ReadonlySet<keyof EngineJobs> = new Set(['proof', 'scrub']);
