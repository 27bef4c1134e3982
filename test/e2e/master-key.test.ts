import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { attach, backUp } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, redkeep, removeDataDir, startService } from '../harness/service.ts';

interface ListedKey {
  keyId: string;
  use: string;
  backups: number;
  secrets: number | null;
  isExported: boolean;
}

describe('redkeep master-key', () => {
  let source: RedisServer;
  let dataDir: string;
  let elsewhere: string;
  before(async () => {
    source = await startRedis();
    await source.command('SET', 'a', '1');
  });
  after(() => source.stop());
  beforeEach(async () => {
    dataDir = await makeDataDir();
    elsewhere = await makeDataDir();
  });
  afterEach(async () => {
    await removeDataDir(dataDir);
    await removeDataDir(elsewhere);
  });

  const run = (args: string[], env: Record<string, string> = {}) =>
    redkeep([...args, '--data-dir', dataDir], { REDKEEP_LOG_LEVEL: 'silent', ...env });
  const serve = (env: Record<string, string> = {}) => run(['serve', '--port', '0'], env);
  const inElsewhere = (name: string) => join(elsewhere, name);

  async function succeeds(args: string[], env: Record<string, string> = {}): Promise<string> {
    const { status, stdout, stderr } = await run(args, env);
    assert.equal(status, 0, stdout + stderr);
    return stdout;
  }

  async function fails(args: string[], message: RegExp, env: Record<string, string> = {}): Promise<void> {
    const { status, stderr } = await run(args, env);
    assert.notEqual(status, 0);
    assert.match(stderr, message);
  }

  async function list(env: Record<string, string> = {}): Promise<ListedKey[]> {
    return JSON.parse(await succeeds(['master-key', 'list', '--json'], env)).keys;
  }

  /** Serves until one more backup of the one instance is there. */
  async function serveForOneBackup(env: Record<string, string> = {}): Promise<void> {
    const service = await startService(dataDir, { env });
    const { InstanceSet } = await service.client.call<{ InstanceSet: Array<{ InstanceId: string }> }>('redis', 'DescribeInstances', {});
    await backUp(service, InstanceSet[0]?.InstanceId ?? (await attach(service, source)));
    assert.equal(await service.stop(), 0);
  }

  it('exports beside a service, for its owner alone, never over a file; lists what needs which key, and never a key', async () => {
    const service = await startService(dataDir);
    await backUp(service, await attach(service, source));
    const [before] = await list();
    assert.deepEqual({ ...before, keyId: '' }, { keyId: '', use: 'active', backups: 1, secrets: 1, isExported: false });
    await succeeds(['master-key', 'export', inElsewhere('recovery')]);
    assert.equal((await stat(inElsewhere('recovery'))).mode & 0o777, 0o600);
    assert.equal((await list())[0]?.isExported, true);
    await fails(['master-key', 'export', inElsewhere('recovery')], /exists already/);
    for (const args of [['rotate'], ['remove', before?.keyId ?? ''], ['import', inElsewhere('recovery')]]) {
      await fails(['master-key', ...args], /is locked by a running Redkeep/);
    }
    const { keys } = JSON.parse(await readFile(join(dataDir, 'keyring.json'), 'utf8'));
    assert.ok(!(await succeeds(['master-key', 'list'])).includes(keys[0].key));
    await service.stop();
  });

  it('is asked for by `up` until it was exported', async () => {
    const before = await startService(dataDir, { command: 'up' });
    await before.printed('redkeep master-key export FILE');
    await before.printed('Serving until');
    await before.stop();
    await succeeds(['master-key', 'export', inElsewhere('recovery')]);
    const after = await startService(dataDir, { command: 'up' });
    await after.printed('Serving until');
    assert.doesNotMatch(after.output(), /master-key export/);
    await after.stop();
  });

  it('rotates: old backups stay readable, new ones and all secrets go under the new key', async () => {
    await serveForOneBackup();
    const [old] = await list();
    await succeeds(['master-key', 'rotate']);
    await serveForOneBackup();
    const rotated = await list();
    assert.deepEqual(
      rotated.map(({ use, backups, secrets, isExported }) => [use, backups, secrets, isExported]),
      [
        ['active', 1, 1, false],
        ['open-only', 1, 0, false],
      ],
    );
    assert.equal(rotated[1]?.keyId, old?.keyId);
    assert.match(await succeeds(['check']), /^2 backups, .* 0 inconsistencies$/m);
  });

  it('tells a lost, a wrong, a stale and an incomplete keyring apart, and an export brings each back', async () => {
    await serveForOneBackup();
    const keyring = join(dataDir, 'keyring.json');
    await succeeds(['master-key', 'export', inElsewhere('first')]);
    const [first] = await list();
    await succeeds(['master-key', 'rotate']);
    await serveForOneBackup();
    await succeeds(['master-key', 'export', inElsewhere('second')]);
    const whole = await readFile(keyring, 'utf8');

    await rename(keyring, inElsewhere('keyring.json'));
    await fails(['serve', '--port', '0'], /there is no master key at .*; bring back/);

    await fails(['serve', '--port', '0'], /made under master key .*, the keyring holds .*in use/, {
      REDKEEP_MASTER_KEY: randomBytes(32).toString('base64'),
    });
    await writeFile(inElsewhere('other'), randomBytes(32).toString('base64'));
    await fails(['master-key', 'import', inElsewhere('other')], /made under master key/);

    const { keys } = JSON.parse(whole);
    await fails(['serve', '--port', '0'], /was rotated to .*a copy from before; .*export that was made since/, {
      REDKEEP_MASTER_KEY: keys[1].key,
    });
    await fails(['serve', '--port', '0'], new RegExp(`${first?.keyId} was in use before and is lost.*import`), {
      REDKEEP_MASTER_KEY: keys[0].key,
    });

    const incomplete = { REDKEEP_MASTER_KEY: keys[0].key };
    assert.equal((await list(incomplete)).find(({ keyId }) => keyId === first?.keyId)?.use, 'lost');

    assert.match(await succeeds(['master-key', 'import', inElsewhere('second')]), /^2 keys added/);
    assert.equal(await readFile(keyring, 'utf8'), whole);
    assert.match(await succeeds(['master-key', 'import', inElsewhere('first')]), /^0 keys added/);
    assert.match(await succeeds(['check']), /^2 backups, .* 0 inconsistencies$/m);
  });

  it('removes a key when nothing needs it, or by force; what needs it says so, and an import brings it back', async () => {
    await serveForOneBackup();
    await succeeds(['master-key', 'export', inElsewhere('first')]);
    await succeeds(['master-key', 'rotate']);
    await serveForOneBackup();
    const [active, old] = await list();
    assert.ok(active !== undefined && old !== undefined);
    await fails(['master-key', 'remove', active.keyId], /is the active one.*rotate/);
    await fails(['master-key', 'remove', '0123456789abcdef'], /there is no master key/);
    await fails(['master-key', 'remove', old.keyId], /1 backups need master key .*--force/);
    assert.match(await succeeds(['master-key', 'remove', old.keyId, '--force']), /can no longer be read\n.* removed$/m);
    assert.equal((await list()).find(({ keyId }) => keyId === old.keyId)?.use, 'removed');

    const service = await startService(dataDir);
    await service.stop();
    const damaged = await run(['check']);
    assert.equal(damaged.status, 7);
    assert.match(damaged.stdout, /that key was removed; .*import/);

    await succeeds(['master-key', 'import', inElsewhere('first')]);
    assert.match(await succeeds(['check']), /^2 backups, .* 0 inconsistencies$/m);

    await rm(join(dataDir, 'repository', 'backups'), { recursive: true });
    assert.match(await succeeds(['master-key', 'remove', old.keyId]), new RegExp(`^${old.keyId} removed`));
  });

  it('rotates and removes a key of REDKEEP_MASTER_KEY by telling its new value', async () => {
    const first = { REDKEEP_MASTER_KEY: randomBytes(32).toString('base64') };
    await serveForOneBackup(first);
    const [old] = await list(first);
    assert.ok(old !== undefined);
    await fails(['master-key', 'rotate'], /give --output FILE/, first);
    await fails(['master-key', 'import', inElsewhere('value')], /REDKEEP_MASTER_KEY is set/, first);
    await succeeds(['master-key', 'rotate', '--output', inElsewhere('value')], first);
    assert.equal((await stat(inElsewhere('value'))).mode & 0o777, 0o600);
    const both = { REDKEEP_MASTER_KEY: (await readFile(inElsewhere('value'), 'utf8')).trim() };
    await serveForOneBackup(both);
    assert.deepEqual(
      (await list(both)).map(({ use, backups, secrets }) => [use, backups, secrets]),
      [
        ['active', 1, 1],
        ['open-only', 1, 0],
      ],
    );
    const newest = { REDKEEP_MASTER_KEY: both.REDKEEP_MASTER_KEY.split(',')[0] ?? '' };
    assert.match((await serve(newest)).stderr, /was in use before and is lost/);
    await fails(['master-key', 'remove', old.keyId], /there is no master key/, newest);
    await succeeds(['master-key', 'remove', old.keyId, '--force'], newest);
    const service = await startService(dataDir, { env: newest });
    await service.stop();
    const { status, stdout } = await run(['check'], newest);
    assert.equal(status, 7);
    assert.match(stdout, /that key was removed/);
  });
});
