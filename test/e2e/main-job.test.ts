import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { redis } from 'tencentcloud-sdk-nodejs/tencentcloud/services/redis/index.js';
import { connectIntlSdk } from '../harness/intl-sdk.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

describe('redkeep up: an official SDK lists a real backup', () => {
  let dataDir: string;
  let service: RunningService;
  let instanceId: string;
  before(async () => {
    dataDir = await makeDataDir();
    service = await startService(dataDir, { command: 'up' });
    const shown = await waitFor(() => /demo \((crs-[a-z0-9]{8})\) answers:[\s\S]*Serving until/.exec(service.output())?.[1]);
    instanceId = shown;
  });
  after(async () => {
    await service.stop();
    await removeDataDir(dataDir);
  });

  it('prints the answer and how to get it with tccli and an SDK', () => {
    assert.match(service.output(), /"TotalCount": 1,/);
    assert.match(
      service.output(),
      new RegExp(`tccli redis DescribeInstanceBackups .*--endpoint ${service.endpoint} --InstanceId ${instanceId}`),
    );
    assert.match(service.output(), /^ID +START \(UTC\+8\) +STATE +SIZE +PROOF +REMARK$/m);
    assert.match(service.output(), /^\S+ +\S+ \S+ +available +\S+ MiB +proven by (redis|valkey) \S+ +first backup$/m);
    assert.match(service.output(), /"Locked": 0,/);
    assert.match(service.output(), /sdk-nodejs/);
    assert.match(service.output(), /keyring\.json/);
  });

  for (const host of ['127.0.0.1', 'localhost']) {
    it(`the Node SDK by ${host}`, async () => {
      const client = new redis.v20180412.Client({
        credential: service.credential,
        region: 'ap-guangzhou',
        profile: { httpProfile: { protocol: 'http://', endpoint: `${host}:${service.port}` } },
      });
      const answer = await client.DescribeInstanceBackups({ InstanceId: instanceId });
      assert.equal(answer.TotalCount, 1);
      const backup = answer.BackupSet?.[0];
      assert.equal(backup?.Status, 2);
      assert.equal(backup?.InstanceName, 'demo');
      assert.ok((backup?.BackupSize ?? 0) > 10_000);
      assert.match(backup?.FileType ?? '', /^RDB-/);
      await assert.rejects(client.DescribeInstanceBackups({ InstanceId: 'crs-00000000' }), { code: 'ResourceNotFound.InstanceNotExists' });
    });

    it(`the Node international SDK, with its default signature, by ${host}`, async () => {
      const client = connectIntlSdk({ host: `${host}:${service.port}`, credential: service.credential, region: 'ap-guangzhou' });
      const answer = await client.describeInstanceBackups({ InstanceId: instanceId, Status: [2] });
      assert.equal(answer.TotalCount, 1);
      assert.equal(answer.BackupSet[0]?.Status, 2);
    });
  }

  it('the command line lists, backs up and checks', async () => {
    const list = await redkeep(['instance', 'list', '--data-dir', dataDir]);
    assert.match(list.stdout, new RegExp(`^${instanceId} +demo +online +127\\.0\\.0\\.1:\\d+$`, 'm'), list.stderr);
    const made = await redkeep(['backup', 'create', instanceId, '--remark', 'by hand', '--data-dir', dataDir]);
    assert.equal(made.status, 0, made.stderr);
    const backups = await redkeep(['backup', 'list', instanceId, '--data-dir', dataDir, '--json']);
    const rows = JSON.parse(backups.stdout).BackupSet as Array<{ BackupId: string; Remark: string }>;
    assert.deepEqual(
      rows.map((row) => row.Remark),
      ['first backup', 'by hand'],
    );
    assert.equal(rows[1]?.BackupId, made.stdout.trim());
    const check = await redkeep(['check', '--data-dir', dataDir]);
    assert.equal(check.status, 0, check.stdout + check.stderr);
    assert.match(check.stdout, /^2 backups, \d+ stored bytes read, 0 inconsistencies$/m);
  });

  it('a second up on the same data directory tells the endpoint and is done', async () => {
    const second = await redkeep(['up', '--data-dir', dataDir, '--port', '0']);
    assert.equal(second.status, 0, second.stderr);
    assert.match(second.stdout, new RegExp(service.endpoint));
  });

  it('up after a kill -9 finds demo with its data and takes no further first backup', async () => {
    await service.kill();
    service = await startService(dataDir, { command: 'up' });
    const shown = await waitFor(() => /demo \((crs-[a-z0-9]{8})\) answers:[\s\S]*Serving until/.exec(service.output())?.[1]);
    assert.equal(shown, instanceId);
    assert.match(service.output(), /"TotalCount": 2,/);
    const made = await redkeep(['backup', 'create', instanceId, '--data-dir', dataDir]);
    assert.equal(made.status, 0, made.stderr);
  });

  it('mistyped input gets a clear message and the right exit status', async () => {
    for (const [args, status, message] of [
      [['instance', 'attach', 'http://127.0.0.1:1', '--name', 'x'], 2, /redis\[s\]:\/\//],
      [['instance', 'attach', 'redis://127.0.0.1:1', '--name', 'x', '--cluster'], 2, /clusters are not supported/],
      [['instance', 'attach', 'redis://127.0.0.1:1', '--name', 'x'], 1, /127\.0\.0\.1:1/],
      [['backup', 'create', 'crs-00000000'], 6, /crs-00000000/],
      [['backup', 'list', instanceId, '--status', 'two'], 2, /--status is "two"; it must be a whole number/],
      [['backup', 'list', instanceId, '--region', 'ap-nowhere'], 1, /Region/],
      [['frobnicate'], 2, /unknown command/],
    ] as const) {
      const result = await redkeep([...args, ...(args[0] === 'frobnicate' ? [] : ['--data-dir', dataDir])]);
      assert.equal(result.status, status, `${args.join(' ')}: ${result.stdout}${result.stderr}`);
      assert.match(result.stderr, message);
    }
    const nobody = await redkeep(['instance', 'list', '--endpoint', 'http://127.0.0.1:1', '--data-dir', dataDir]);
    assert.equal(nobody.status, 4, nobody.stderr);
    const noKey = await redkeep(['instance', 'list', '--data-dir', `${dataDir}/none`]);
    assert.equal(noKey.status, 5, noKey.stderr);
    const wrongKey = await redkeep(['instance', 'list', '--endpoint', service.endpoint], {
      REDKEEP_SECRET_ID: service.credential.secretId,
      REDKEEP_SECRET_KEY: 'wrong',
    });
    assert.equal(wrongKey.status, 5, wrongKey.stderr);
  });
});

it('a closed terminal (SIGHUP) ends up and its demo server in order', async () => {
  const dataDir = await makeDataDir();
  try {
    const service = await startService(dataDir, { command: 'up' });
    await waitFor(() => (service.output().includes('Serving until') ? true : undefined));
    const [instanceId = ''] = await readdir(join(dataDir, 'instances'));
    const { pid } = JSON.parse(await readFile(join(dataDir, 'instances', instanceId, 'process.json'), 'utf8')) as { pid: number };
    process.kill(service.pid, 'SIGHUP');
    assert.equal(await service.ended(), 0);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  } finally {
    await removeDataDir(dataDir);
  }
});

async function waitFor<T>(look: () => T | undefined): Promise<T> {
  const limit = AbortSignal.timeout(60_000);
  for (;;) {
    const found = look();
    if (found !== undefined) {
      return found;
    }
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
