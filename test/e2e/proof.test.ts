import assert from 'node:assert/strict';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { findServersIn } from '../../src/managed/process-identity.ts';
import { attach, backUp } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';

const FILL = "local value = string.rep('x', 200) for i = 1, ARGV[1] do redis.call('SET', 'key:' .. i, i .. value .. math.random()) end";

describe('proofs and scrubs of a service', () => {
  let dataDir: string;
  let source: RedisServer;
  let service: RunningService;
  let instanceId: string;
  beforeEach(async () => {
    dataDir = await makeDataDir();
    source = await startRedis();
  });
  afterEach(async () => {
    await service.stop();
    await source.stop();
    await removeDataDir(dataDir);
  });

  async function start(env: Record<string, string>): Promise<void> {
    service = await startService(dataDir, { env });
    instanceId = await attach(service, source);
  }

  const backup = (...args: string[]) => redkeep(['backup', args[0] ?? '', instanceId, ...args.slice(1), '--data-dir', dataDir]);
  const metrics = async () => (await fetch(`${service.endpoint}/metrics`)).text();

  async function damage(backupId: string): Promise<void> {
    const directory = join(dataDir, 'repository', 'backups', backupId, '1');
    const name = (await readdir(directory)).find((file) => file.startsWith('data-')) ?? '';
    const bytes = await readFile(join(directory, name));
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
    await chmod(join(directory, name), 0o600);
    await writeFile(join(directory, name), bytes);
  }

  it('prove a backup by policy and by hand, and tell a bad one by every way', async () => {
    await source.command('EVAL', FILL, '0', '100');
    await start({ REDKEEP_PROOF: 'all' });
    const { BackupId: good } = await backUp(service, instanceId);
    await service.logged('proof.proven');
    const { BackupId: bad } = await backUp(service, instanceId);
    await until(async () => (await backup('list')).stdout.match(/proven by/g)?.length === 2);
    assert.match(await metrics(), /^redkeep_proofs_total\{result="proven"\} 2$/m);
    assert.match(await metrics(), /^redkeep_bad_backups 0$/m);

    await damage(bad);
    const all = await backup('verify', '--all');
    assert.equal(all.status, 7, all.stderr);
    const [first, second] = all.stdout.trim().split('\n');
    assert.match(first ?? '', new RegExp(`^${good} proven by (redis|valkey) \\S+: 100 keys, 0 with expiry`));
    assert.match(second ?? '', new RegExp(`^${bad} BAD: \\S+data-00000-00000`));
    assert.match((await backup('list')).stdout, new RegExp(`^${bad} .* BAD`, 'm'));
    assert.match((await backup('show', bad)).stdout, /^proof +BAD, .*data-00000-00000/m);
    assert.match(await metrics(), /^redkeep_proofs_total\{result="failed"\} 1$/m);
    assert.match(await metrics(), /^redkeep_bad_backups 1$/m);
    assert.match(await metrics(), /^redkeep_alarms_total\{kind="proof-failed"\} 1$/m);
    assert.deepEqual(await readdir(join(dataDir, 'proofs')), []);
    assert.equal(await source.command('DBSIZE'), 100);

    const asJson = await backup('verify', good, '--json');
    assert.equal(asJson.status, 0, asJson.stderr);
    const { Results } = JSON.parse(asJson.stdout) as { Results: Array<Record<string, unknown>> };
    assert.deepEqual([Results.length, Results[0]?.['BackupId'], Results[0]?.['Result']], [1, good, 'proven']);
    const noWait = await backup('verify', '--all', '--no-wait');
    assert.match(noWait.stdout, /^\d+\n\d+\n$/);
    for (const args of [['verify'], ['verify', good, '--all']]) {
      const wrong = await backup(...args);
      assert.equal(wrong.status, 2, wrong.stdout);
      assert.match(wrong.stderr, /give either a backup id or --all/);
    }
    assert.match((await backup('verify', 'none')).stderr, /has no such backup/);
  });

  it('verify --all goes on behind a backup that cannot be verified, and names it in the end', async () => {
    await start({ REDKEEP_PROOF: 'none' });
    const [first, second] = [await backUp(service, instanceId), await backUp(service, instanceId)].map(({ BackupId }) => BackupId);
    const manifest = join(dataDir, 'repository', 'backups', first ?? '', '1', 'manifest');
    const bytes = await readFile(manifest);
    // Of a format of the future, which says nothing of the bytes.
    bytes.writeUInt16BE(9, 4);
    await chmod(manifest, 0o600);
    await writeFile(manifest, bytes);
    const all = await backup('verify', '--all');
    assert.equal(all.status, 1, all.stdout + all.stderr);
    assert.match(all.stdout, new RegExp(`^${second} proven by [^\n]*\n$`));
    assert.match(all.stderr, new RegExp(`^redkeep: ${first} was not verified: .*format version 9`));
    const asJson = await backup('verify', '--all', '--json');
    const { Results, Failures } = JSON.parse(asJson.stdout) as Record<string, Array<{ BackupId: string; Message: string }>>;
    assert.deepEqual(
      [asJson.status, Results?.map(({ BackupId }) => BackupId), Failures?.map(({ BackupId }) => BackupId)],
      [1, [second], [first]],
    );
    assert.match(await metrics(), /^redkeep_alarms_total\{kind="proof-failed"\} 0$/m);
  });

  it('a proof that this machine cannot make is no alarm, and exit status 3 by hand', async () => {
    await start({ REDKEEP_PROOF: 'newest', REDKEEP_PROOF_MEMORY: '64m' });
    await source.command('SET', 'large', Buffer.alloc(64 * 1024 ** 2, 'x'));
    const { BackupId } = await backUp(service, instanceId);
    const told = await service.logged('proof.not-provable');
    assert.equal(told['backupId'], BackupId);
    const byHand = await backup('verify', BackupId);
    assert.equal(byHand.status, 3, byHand.stdout + byHand.stderr);
    assert.match(byHand.stdout, /^\S+ not provable: /);
    assert.match(await metrics(), /^redkeep_alarms_total\{kind="proof-failed"\} 0$/m);
  });

  it('a scrub finds damage by itself, flags it, and removes nothing', async () => {
    await source.command('EVAL', FILL, '0', '100');
    await start({ REDKEEP_SCRUB_INTERVAL: '1s' });
    const { BackupId } = await backUp(service, instanceId);
    assert.equal((await service.logged('scrub.intact'))['backupId'], BackupId);
    await damage(BackupId);
    assert.equal((await service.logged('scrub.damaged'))['backupId'], BackupId);
    const shown = (await backup('show', BackupId)).stdout;
    assert.match(shown, /^proof +BAD, .*its stored bytes are damaged/m);
    assert.match(shown, /^stored bytes +damaged, /m);
    assert.match(shown, /^one of the newest +no$/m);
    assert.match(await metrics(), /^redkeep_scrubs_total\{result="damaged"\} [1-9]/m);
    assert.match(await metrics(), /^redkeep_scrub_bytes_total [1-9]/m);
    assert.equal((await redkeep(['check', '--data-dir', dataDir])).status, 7);
  });

  describe('in mid-proof', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
    const serversLeft = async () => {
      const proofs = join(dataDir, 'proofs');
      const names = await readdir(proofs).catch(() => []);
      return (await Promise.all(names.map((name) => findServersIn(join(proofs, name))))).flatMap((pids) => pids ?? []);
    };

    /** Backs up and verifies until a throw-away server is seen; a proof that was over before is made again. */
    async function catchProof(): Promise<{ backupId: string; serverPid: number }> {
      await start({ REDKEEP_PROOF: 'none' });
      await source.command('EVAL', FILL, '0', '200000');
      const { BackupId } = await backUp(service, instanceId);
      const proofsMade = () => service.log.filter((line) => line['msg'] === 'proof.proven').length;
      for (;;) {
        const made = proofsMade();
        await service.client.call('redkeep', 'VerifyBackup', { InstanceId: instanceId, BackupId });
        let serverPid: number | undefined;
        await until(async () => {
          [serverPid] = await serversLeft();
          return serverPid !== undefined || proofsMade() > made;
        });
        if (serverPid !== undefined) {
          return { backupId: BackupId, serverPid };
        }
      }
    }

    it('kill -9: the next start ends the server, removes its directory and proves the backup', async () => {
      const { backupId } = await catchProof();
      await service.kill();
      service = await startService(dataDir);
      await service.logged('proof.proven');
      assert.equal((await service.logged('proofs.leftovers-removed'))['directories'], 1);
      await until(async () => (await readdir(join(dataDir, 'proofs'))).length === 0);
      assert.deepEqual(await serversLeft(), []);
      assert.match((await backup('list')).stdout, new RegExp(`^${backupId} .* proven by`, 'm'));
      assert.equal((await redkeep(['check', '--data-dir', dataDir])).status, 0);
    });

    it('no backup waits for the proof, and what it holds cannot be deleted', async () => {
      const { backupId, serverPid } = await catchProof();
      process.kill(serverPid, 'SIGSTOP');
      try {
        assert.equal((await backUp(service, instanceId)).Status, 2);
        const shown = JSON.parse((await backup('show', backupId, '--json')).stdout) as {
          Holds: Array<{ Kind: string }>;
          Proof: { State: string };
        };
        if (shown.Proof.State === 'unproven') {
          assert.deepEqual(
            shown.Holds.map(({ Kind }) => Kind),
            ['proof'],
          );
          assert.match((await backup('delete', backupId, '--force')).stderr, /is being used; try again when that has ended/);
        }
      } finally {
        process.kill(serverPid, 'SIGCONT');
      }
      await until(async () => (await serversLeft()).length === 0);
      await until(async () => / proven by /.test((await backup('list')).stdout));
      assert.equal((await backup('delete', backupId, '--force')).status, 0);
    });
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = AbortSignal.timeout(60_000);
  while (!(await condition())) {
    limit.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
