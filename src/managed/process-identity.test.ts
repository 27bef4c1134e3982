import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { createTempDirectory } from '../../test/harness/temp-supervisor.ts';
import { checkIdentity, findServersIn, readIdentity, signalProcess } from './process-identity.ts';

test('knows a process again until it ends', async (t) => {
  const { child, identity } = await startSleeper(t);
  assert.equal(await checkIdentity(identity), 'running');
  assert.equal(await signalProcess(identity, 'SIGTERM'), true);
  await once(child, 'exit');
  assert.equal(await checkIdentity(identity), 'gone');
  assert.equal(await signalProcess(identity, 'SIGTERM'), false);
});

test('signals no process that has only the pid, or comes from another boot', async (t) => {
  const { child, identity } = await startSleeper(t);
  for (const other of [{ startTicks: '1' }, { startTicks: '' }, { bootId: '0f4a9c1e-0000-4000-8000-000000000000' }]) {
    assert.equal(await checkIdentity({ ...identity, ...other }), 'gone');
    assert.equal(await signalProcess({ ...identity, ...other }, 'SIGKILL'), false);
  }
  assert.deepEqual(await readIdentity(identity.pid), identity);
  assert.equal(child.signalCode, null);
});

test('takes no other program in the directory for a server', async (t) => {
  const directory = await realpath(await createTempDirectory(t));
  const child = spawn('sleep', ['60'], { cwd: directory, stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  assert.deepEqual(await findServersIn(directory), []);
});

async function startSleeper(t: TestContext) {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const identity = await readIdentity(child.pid ?? 0);
  assert.ok(identity !== undefined);
  return { child, identity };
}
