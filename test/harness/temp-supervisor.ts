import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger } from '../../src/lib/logger.ts';
import { findServersIn } from '../../src/managed/process-identity.ts';
import { createSupervisor, type Supervisor, type SupervisorOptions } from '../../src/managed/supervisor.ts';

export const PASSWORD = 'pass "word" é';
export const ID = 'crs-test0001';

export async function createTempDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'redkeep-managed-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A supervisor whose servers are ended after the test; none may be left in `ID`'s directory. */
export function createTempSupervisor(t: TestContext, directory: string, options: Partial<SupervisorOptions> = {}) {
  const relocations: Array<[string, number]> = [];
  const supervisor: Supervisor = createSupervisor({
    directory,
    log: silentLogger,
    onRelocated: async (instanceId, port) => void relocations.push([instanceId, port]),
    ...options,
  });
  t.after(async () => {
    await supervisor.stopAll();
    assert.deepEqual(await findServersIn(supervisor.directoryOf(ID)), []);
  });
  return { supervisor, relocations };
}

/** Polls until `condition` gives something; fails after 15 s unless told otherwise. */
export async function eventually<T>(
  what: string,
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 15_000,
): Promise<T> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await delay(20)) {
    const value = await condition();
    if (value !== undefined && value !== false) {
      return value;
    }
  }
  throw new Error(`did not happen within ${withinMs / 1000} s: ${what}`);
}
