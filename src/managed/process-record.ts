import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../lib/errno.ts';
import { writeFileDurably } from '../lib/write-file-durably.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** `process.json` of an instance directory: the server that was started there last, and where it listens. */
export interface ProcessRecord extends ProcessIdentity {
  readonly port: number;
}

const RECORD_NAME = 'process.json';

export async function writeProcessRecord(directory: string, record: ProcessRecord): Promise<void> {
  await writeFileDurably(join(directory, RECORD_NAME), `${JSON.stringify(record)}\n`);
}

/**
 * The record, undefined where there is none. A record that makes no sense counts as none: it is written in one step, so a stranger's hand was
 * in it, and nothing may be signalled because of it.
 */
export async function readProcessRecord(directory: string): Promise<ProcessRecord | undefined> {
  let text: string;
  try {
    text = await readFile(join(directory, RECORD_NAME), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  return parseRecord(text);
}

export async function removeProcessRecord(directory: string): Promise<void> {
  await rm(join(directory, RECORD_NAME), { force: true });
}

function parseRecord(text: string): ProcessRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const { pid, startTicks, bootId, port } = value as Partial<Record<keyof ProcessRecord, unknown>>;
  const isSound =
    Number.isSafeInteger(pid) && Number(pid) > 1 && Number.isInteger(port) && typeof startTicks === 'string' && typeof bootId === 'string';
  return isSound ? { pid: Number(pid), startTicks, bootId, port: Number(port) } : undefined;
}
