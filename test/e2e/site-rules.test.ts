import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmod, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeDataDir, redkeep, removeDataDir, startService } from '../harness/service.ts';

describe('a service on a data directory', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await makeDataDir();
  });
  afterEach(() => removeDataDir(dataDir));

  const serve = (env: Record<string, string> = {}) =>
    redkeep(['serve', '--data-dir', dataDir, '--port', '0'], { REDKEEP_LOG_LEVEL: 'silent', ...env });

  async function firstStart(env: Record<string, string> = {}): Promise<void> {
    const service = await startService(dataDir, { env });
    assert.equal(await service.stop(), 0);
  }

  it('makes credential and keyring for its owner alone, and keeps both', async () => {
    const first = await startService(dataDir);
    for (const name of ['default.credential', 'keyring.json', 'catalog.db']) {
      assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name);
    }
    await first.stop();
    const second = await startService(dataDir);
    assert.deepEqual(second.credential, first.credential);
    await second.stop();
  });

  it('answers /healthz and /metrics', async () => {
    const service = await startService(dataDir);
    assert.equal((await fetch(`${service.endpoint}/healthz`)).status, 200);
    await service.client.call('redis', 'DescribeInstances', {});
    const metrics = await (await fetch(`${service.endpoint}/metrics`)).text();
    assert.match(metrics, /^redkeep_api_requests_total\{action="DescribeInstances",code="ok"\} 1$/m);
    await service.stop();
  });

  it('takes its root credential from the environment, and then writes none', async () => {
    const env = { REDKEEP_SECRET_ID: 'AKIDexample', REDKEEP_SECRET_KEY: 'from the environment' };
    const service = await startService(dataDir, { env });
    await service.client.call('redis', 'DescribeInstances', {});
    await service.stop();
    assert.ok(!(await readdir(dataDir)).includes('default.credential'));
  });

  it('refuses to start where the keyring is gone, and makes no new one', async () => {
    await firstStart();
    await rename(join(dataDir, 'keyring.json'), join(dataDir, 'elsewhere'));
    const { status, stderr } = await serve();
    assert.equal(status, 1);
    assert.match(stderr, /there is no master key at /);
    assert.ok(!(await readdir(dataDir)).includes('keyring.json'));
  });

  it('refuses to start with another master key', async () => {
    await firstStart({ REDKEEP_MASTER_KEY: randomBytes(32).toString('base64') });
    const { status, stderr } = await serve({ REDKEEP_MASTER_KEY: randomBytes(32).toString('base64') });
    assert.equal(status, 1);
    assert.match(stderr, /made under master key [0-9a-f]{16}, the keyring holds/);
  });

  it('refuses a keyring that others may read', async () => {
    await firstStart();
    await chmod(join(dataDir, 'keyring.json'), 0o644);
    const { status, stderr } = await serve();
    assert.equal(status, 1);
    assert.match(stderr, /mode 0644.*chmod 600/);
  });

  it('refuses to start where the repository that the catalog expects is gone, and makes no new one', async () => {
    await firstStart();
    await rm(join(dataDir, 'repository'), { recursive: true });
    const { status, stderr } = await serve();
    assert.equal(status, 1);
    assert.match(stderr, /holds no repository, but the catalog expects .*mounted/);
    await assert.rejects(stat(join(dataDir, 'repository', 'repository.json')));
  });

  it('refuses the repository of another catalog', async () => {
    const env = { REDKEEP_MASTER_KEY: randomBytes(32).toString('base64') };
    await firstStart(env);
    const other = await makeDataDir();
    try {
      const first = await startService(other, { env });
      await first.stop();
      const { status, stderr } = await serve({ ...env, REDKEEP_STORAGE: `file://${other}/repository` });
      assert.equal(status, 1);
      assert.match(stderr, /belongs to another catalog/);
    } finally {
      await removeDataDir(other);
    }
  });

  it('is alone: a second one is refused while the first lives', async () => {
    const service = await startService(dataDir);
    const { status, stderr } = await serve();
    assert.equal(status, 1);
    assert.match(stderr, /is locked by a running Redkeep/);
    await service.stop();
  });

  it('shares neither its catalog nor its repository with a service on another data directory', async () => {
    const other = await makeDataDir();
    const env = { REDKEEP_MASTER_KEY: randomBytes(32).toString('base64') };
    const service = await startService(dataDir, { env });
    try {
      const onOther = (more: string[]) =>
        redkeep(['serve', '--data-dir', other, '--port', '0', ...more], { ...env, REDKEEP_LOG_LEVEL: 'silent' });
      const sameCatalog = await onOther(['--catalog', `sqlite://${dataDir}/catalog.db`, '--storage', `file://${dataDir}/repository`]);
      assert.equal(sameCatalog.status, 1);
      assert.match(sameCatalog.stderr, /catalog\.db\.lock is locked by a running Redkeep/);
      const sameStorage = await onOther(['--storage', `file://${dataDir}/repository`]);
      assert.equal(sameStorage.status, 1);
      assert.match(sameStorage.stderr, /belongs to another catalog/);
    } finally {
      await service.stop();
      await removeDataDir(other);
    }
  });

  it('removes what killed writers left in the data directory, and nothing else', async () => {
    await firstStart();
    for (const name of ['keyring.json.0123456789ab.new', 'serving.json.0123456789ab.tmp', 'serving.json', 'notes.tmp']) {
      await writeFile(join(dataDir, name), '{}');
    }
    await firstStart();
    const left = await readdir(dataDir);
    assert.deepEqual(
      left.filter((name) => /tmp|new|serving/.test(name)),
      ['notes.tmp'],
    );
  });

  it('refuses wrong options with exit status 2 and leaves no trace', async () => {
    const fresh = join(dataDir, 'fresh');
    for (const [args, message] of [
      [['--port', '70000'], /--port is "70000", allowed is a whole number from 0 to 65535/],
      [['--profile', 'new'], /--profile is "new", allowed is seed, current/],
      [['--role', 'api'], /--role is "api", allowed is all/],
      [['--nonsense'], /unknown option '--nonsense'/],
    ] as const) {
      const { status, stderr } = await redkeep(['serve', '--data-dir', fresh, ...args]);
      assert.equal(status, 2, stderr);
      assert.match(stderr, message);
    }
    await assert.rejects(stat(fresh));
  });

  it('refuses a damaged credential file instead of replacing it', async () => {
    await writeFile(join(dataDir, 'default.credential'), 'scribble', { mode: 0o600 });
    const { status, stderr } = await serve();
    assert.equal(status, 1);
    assert.match(stderr, /default\.credential is not \{"secretId"/);
  });
});
