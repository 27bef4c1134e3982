import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { BACKUP_FACTS, BACKUP_ID, shardFacts } from '../../test/harness/attempts.ts';
import { type BackupSite, makeBackupSite } from '../../test/harness/backup-site.ts';
import { rdbFile, rdbKey, rdbString } from '../../test/harness/rdb-bytes.ts';
import { startRedis } from '../../test/harness/redis-server.ts';
import { fillEveryType } from '../../test/harness/restore-data.ts';
import { eventually } from '../../test/harness/temp-supervisor.ts';
import { DomainError, isDomainError } from '../lib/errors.ts';
import { findServer } from '../managed/find-server.ts';
import { findServersIn } from '../managed/process-identity.ts';
import type { KeyCounts } from '../repository/types.ts';
import { type ProofRequest, type ProofResult, proveBackup, removeProofLeftovers } from './prove-backup.ts';
import { runBackup } from './run-backup.ts';

const QUIET = { signal: new AbortController().signal, onProgress: () => {} };
const SERVER = await findServer();
const MIB = 1024 ** 2;

interface Proof {
  readonly workDirectory: string;
  request(more?: Partial<ProofRequest>): ProofRequest & { workDirectory: string };
  prove(more?: Partial<ProofRequest>): Promise<ProofResult>;
}

async function prepare(t: TestContext, site: BackupSite): Promise<Proof> {
  const workDirectory = await mkdtemp(join(tmpdir(), 'redkeep-proof-'));
  t.after(async () => {
    assert.deepEqual(await readdir(workDirectory), [], 'every proof cleans up');
    await rm(workDirectory, { recursive: true });
  });
  const { storageUrl, keyring } = site.request({ host: '', port: 0 });
  const request: Proof['request'] = (more = {}) => ({
    backup: { backupId: BACKUP_ID, attempt: 1 },
    storageUrl,
    keyring,
    servers: [SERVER],
    directory: '',
    workDirectory,
    memoryBytes: 1024 * MIB,
    ...more,
  });
  return { workDirectory, request, prove: (more) => proveBackup(request(more), QUIET) };
}

/** Stores `rdb` as a backup whose manifest says what `more` says. */
async function store(site: BackupSite, rdb: Buffer, keys: Partial<KeyCounts> = {}): Promise<void> {
  const writer = await site.repository.startAttempt({ backupId: BACKUP_ID, attempt: 1 }, 1);
  await writer.appendFrame(0, rdb, true);
  const facts = shardFacts(rdb);
  const counts = {
    complete: true,
    total: 1,
    withExpiry: 0,
    byDatabase: { 0: { keys: 1, withExpiry: 0 } },
    byType: { string: 1 },
    functions: 0,
  };
  await writer.finish({ facts: BACKUP_FACTS, endedAt: 0, report: [], shards: [{ ...facts, keys: { ...counts, ...keys } }] });
}

const RDB = rdbFile('REDIS0010', rdbKey(0, 'key', rdbString('value')));

describe('a backup is', () => {
  test('proven where a server loads it and holds what was counted', async (t) => {
    await using redis = await startRedis();
    await fillEveryType(redis);
    await using site = await makeBackupSite();
    await runBackup(site.request(redis), QUIET);
    const { request } = await prepare(t, site);
    const phases = new Set<string>();
    const proof = await proveBackup(request(), { ...QUIET, onProgress: ({ phase }) => phases.add(phase) });
    assert.deepEqual([proof.result, proof.serverKind, proof.serverVersion], ['proven', SERVER.kind, SERVER.version], proof.reason);
    assert.match(proof.reason, /^2003 keys, 201 with expiry, 1 function libraries/);
    assert.deepEqual([...phases], ['starting-server', 'loading', 'comparing']);
  });

  test('proven where it is empty', async (t) => {
    await using redis = await startRedis();
    await using site = await makeBackupSite();
    await runBackup(site.request(redis), QUIET);
    const proof = await (await prepare(t, site)).prove();
    assert.equal(proof.result, 'proven', proof.reason);
  });

  test('failed where a server dies of it', async (t) => {
    await using site = await makeBackupSite();
    const broken = Buffer.from(RDB);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    await store(site, broken);
    const proof = await (await prepare(t, site)).prove();
    assert.equal(proof.result, 'failed');
    assert.match(proof.reason, /CRC|checksum/i);
  });

  test('failed where it holds something else than was counted', async (t) => {
    for (const keys of [
      { byDatabase: { 0: { keys: 2, withExpiry: 0 } } },
      { byDatabase: { 0: { keys: 1, withExpiry: 1 } } },
      { functions: 1 },
    ]) {
      await using site = await makeBackupSite();
      await store(site, RDB, keys);
      const proof = await (await prepare(t, site)).prove();
      assert.equal(proof.result, 'failed', JSON.stringify(keys));
      assert.match(proof.reason, /the backup holds/);
    }
  });

  test('failed where a stored byte is wrong, or it is not there', async (t) => {
    await using site = await makeBackupSite();
    await store(site, RDB);
    const { prove } = await prepare(t, site);
    const missing = await prove({ backup: { backupId: BACKUP_ID, attempt: 2 } });
    assert.equal(missing.result, 'failed');
    const data = (await site.filesLeft()).find((file) => file.includes('/data-')) ?? '';
    const bytes = await readFile(data);
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
    await chmod(data, 0o600);
    await writeFile(data, bytes);
    const damaged = await prove();
    assert.equal(damaged.result, 'failed', damaged.reason);
    assert.match(damaged.reason, /data-00000-00000/);
  });

  test('not provable where no server fits, or it holds keys of a module', async (t) => {
    await using site = await makeBackupSite();
    await store(site, RDB, { byType: { module: 1 } });
    const { prove } = await prepare(t, site);
    for (const [more, reason] of [
      [{ servers: [] }, /no server is installed here that loads RDB version 10 of redis 7\.0\.15/],
      [{ servers: [{ path: '/nowhere', kind: 'redis', version: '6.2.1' }] }, /no server is installed here/],
      [{}, /module/],
    ] as const) {
      const proof = await prove(more);
      assert.equal(proof.result, 'not-provable');
      assert.match(proof.reason, reason);
    }
  });

  test('not provable where memory does not suffice to load it, or to start a server', async (t) => {
    await using redis = await startRedis();
    await redis.command('SET', 'big', randomBytes(200 * MIB));
    await using site = await makeBackupSite();
    await runBackup(site.request(redis), QUIET);
    const { prove } = await prepare(t, site);
    for (const memoryBytes of [200 * MIB, 10 * MIB]) {
      const proof = await prove({ memoryBytes });
      assert.equal(proof.result, 'not-provable', proof.reason);
    }
    assert.equal((await prove()).result, 'proven');
  });
});

test('an abort ends a proof, and nothing of it stays', async (t) => {
  await using site = await makeBackupSite();
  await store(site, RDB);
  const { request } = await prepare(t, site);
  const controller = new AbortController();
  const proving = proveBackup(request(), {
    signal: controller.signal,
    onProgress: () => controller.abort(new DomainError('aborted', 'the service stops')),
  });
  await assert.rejects(proving, (error) => isDomainError(error, 'aborted'));
});

test('what a killed process left is ended and removed at the next start', async (t) => {
  await using site = await makeBackupSite();
  const { workDirectory } = await prepare(t, site);
  const directory = join(workDirectory, 'proof-left');
  const module = new URL('./throwaway-server.ts', import.meta.url).href;
  const options = JSON.stringify({ path: SERVER.path, directory, memoryBytes: 1024 * MIB, databases: 16 });
  const script = `const { startThrowawayServer } = await import(${JSON.stringify(module)});
await startThrowawayServer({ ...${options}, signal: new AbortController().signal });
console.log('started');
setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  assert.equal((await findServersIn(directory))?.length, 1);
  assert.equal(await removeProofLeftovers(workDirectory), 1);
  await eventually('the server is gone', async () => (await findServersIn(directory))?.length === 0);
});

test('a process that is no server stays, though it works in a directory that is left', async (t) => {
  const workDirectory = await mkdtemp(join(tmpdir(), 'redkeep-proof-'));
  t.after(() => rm(workDirectory, { recursive: true }));
  const directory = join(workDirectory, 'proof-left');
  await mkdir(directory);
  const foreign = spawn('sleep', ['600'], { cwd: directory, stdio: 'ignore' });
  await once(foreign, 'spawn');
  const exited = once(foreign, 'exit');
  assert.equal(await removeProofLeftovers(workDirectory), 1);
  assert.deepEqual(await readdir(workDirectory), []);
  assert.equal(foreign.kill('SIGTERM'), true);
  assert.deepEqual(await exited, [null, 'SIGTERM']);
});
