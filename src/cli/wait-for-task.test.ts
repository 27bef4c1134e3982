import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCredential, INSTANCE_ID, insertExample, KEY, openApiFixture } from '../../test/harness/api-fixture.ts';
import { createClient } from '../api/client.ts';
import type { Lease } from '../catalog/catalog.ts';
import { createHttpServer } from '../http/server.ts';
import { byShare } from './measure-task.ts';
import { waitForTask } from './wait-for-task.ts';

const MIB = 1024 ** 2;

/** Waits for a task that is half done when its progress is first seen, and then ends; resolves to what was drawn. */
async function draw(options: { interactive: boolean; measured: boolean }): Promise<string> {
  await using fixture = await openApiFixture({ credentials: findCredential });
  const { catalog, clock } = fixture;
  clock.set(Date.now());
  await insertExample(catalog);
  const taskId = await catalog.tasks.enqueue({
    accountId: (await catalog.instances.get(INSTANCE_ID))?.accountId ?? '',
    region: 'ap-guangzhou',
    instanceId: INSTANCE_ID,
    kind: 'prove-backup',
    subject: '',
    payload: '{}',
    createdAt: clock.now(),
  });
  const claim = await catalog.tasks.claim('worker', ['prove-backup'], 60_000);
  assert.ok(claim !== undefined);
  const lease: Lease = claim.lease;
  await catalog.tasks.heartbeat(lease, 60_000, 0.5);
  const server = createHttpServer({
    handle: (request) => fixture.api.handle(request),
    health: () => true,
    metrics: async () => ({ contentType: '', text: '' }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  let drawn = '';
  let ended: Promise<void> | undefined;
  const end = () => {
    ended ??= catalog.tasks.succeed(lease);
  };
  const io = {
    env: {},
    interactive: options.interactive,
    out() {},
    err(text: string) {
      drawn += text;
      end();
    },
  };
  if (!options.interactive) {
    end();
  }
  const client = createClient({ ...KEY, endpoint: `http://127.0.0.1:${port}`, region: 'ap-guangzhou' });
  await waitForTask(client, taskId, io, 'verification', options.measured ? byShare(INSTANCE_ID, 10 * MIB) : undefined);
  await ended;
  await server.close();
  return drawn.replaceAll('\r\u001b[K', '|');
}

test('a measured task has a bar on a terminal, which is wiped at its end', async () => {
  const drawn = await draw({ interactive: true, measured: true });
  assert.match(drawn, /^\|verification \[=+> +\] 50 % {2}5\.0 MiB of 10\.0 MiB/);
  assert.match(drawn, /\|$/);
});

test('any other tells its state and its time', async () => {
  assert.match(await draw({ interactive: true, measured: false }), /^\|verification: running, \d+ s/);
});

test('off a terminal nothing is drawn', async () => {
  assert.equal(await draw({ interactive: false, measured: true }), '');
});
