import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backupRow, findCredential, insertExample, KEY, openApiFixture } from '../../../test/harness/api-fixture.ts';
import { createHttpServer } from '../../http/server.ts';
import { runCli } from '../cli.ts';

/** The second in which everything happens; the command signs with the time of the machine. */
const START = Math.floor(Date.now() / 1000) * 1000;

test('backup create prints the backup that it made, though another one started in the same second', async () => {
  await using fixture = await openApiFixture({
    // A worker that is done before the command asks.
    wakeWorker: () => void finishTask(),
    credentials: findCredential,
  });
  const { catalog, clock } = fixture;
  await insertExample(catalog);
  await catalog.backups.insert(backupRow({ backupId: 'earlier-in-the-second', startedAt: START + 100 }));
  clock.set(START + 700);
  async function finishTask(): Promise<void> {
    const claim = await catalog.tasks.claim('worker', ['take-backup'], 60_000);
    assert.ok(claim !== undefined);
    await catalog.transaction(async (tables) => {
      await tables.tasks.succeed(claim.lease);
      const facts = { attempt: 1, endedAt: START + 800, sizeBytes: 5, serverKind: 'redis', serverVersion: '7.0.15' };
      await tables.backups.complete(claim.task.subject, facts);
    });
    await catalog.backups.insert(backupRow({ backupId: 'in-the-next-second', startedAt: START + 1_200 }));
    made.resolve(claim.task.subject);
  }
  const made = Promise.withResolvers<string>();
  const server = createHttpServer({
    handle: (request) => fixture.api.handle(request),
    health: () => true,
    metrics: async () => ({ contentType: '', text: '' }),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  let out = '';
  let err = '';
  const io = {
    env: { REDKEEP_SECRET_ID: KEY.secretId, REDKEEP_SECRET_KEY: KEY.secretKey },
    interactive: false,
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
  };
  const status = await runCli(['backup', 'create', 'crs-5a4py64p', '--endpoint', `http://127.0.0.1:${port}`], io);
  await server.close();
  assert.deepEqual([status, err], [0, '']);
  assert.equal(out, `${await made.promise}\n`);
});
