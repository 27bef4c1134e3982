import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { acquireProcessLock } from './process-lock.ts';

let directory: string;
let path: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redkeep-lock-'));
  path = join(directory, 'lock.db');
});
after(() => rm(directory, { recursive: true }));

const HOLDER = `
  const { acquireProcessLock } = await import(process.argv[1]);
  try {
    acquireProcessLock(process.argv[2]);
    process.stdout.write('held');
  } catch (error) {
    process.stdout.write(error.code);
  }
  setInterval(() => {}, 60_000);`;

interface Holder extends AsyncDisposable {
  /** What became of its try: `held`, or the error's code. */
  readonly said: string;
}

/** Another process that tries to take the lock; it is killed when it is disposed of. */
async function spawnHolder(): Promise<Holder> {
  const module = new URL('./process-lock.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER, module, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  return {
    said: String(said),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

test('is held by one process until that is killed', async () => {
  {
    await using holder = await spawnHolder();
    assert.equal(holder.said, 'held');
    assert.throws(() => acquireProcessLock(path), { code: 'data-dir-in-use' });
  }
  acquireProcessLock(path).release();
});

test('is held once within a process and can be taken again after its release', async () => {
  const lock = acquireProcessLock(path);
  assert.throws(() => acquireProcessLock(path), { code: 'data-dir-in-use' });
  // A refused try in the same process must not have given the lock away.
  {
    await using holder = await spawnHolder();
    assert.equal(holder.said, 'data-dir-in-use');
  }
  lock.release();
  acquireProcessLock(path).release();
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});
