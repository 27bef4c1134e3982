import { runBackup } from './run-backup.ts';

/**
 * What an engine thread can be told to do. Each takes a plain message and options with `signal`, `onProgress` and, where it must not go on
 * before something is durable, `mark`; its result is a plain message too.
 */
export const ENGINE_JOBS = { backup: runBackup };

export type EngineJobs = typeof ENGINE_JOBS;
