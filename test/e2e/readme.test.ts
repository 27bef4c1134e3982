import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { installPythonClients } from '../harness/python-clients.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, ROOT, type RunningService, removeDataDir, startService } from '../harness/service.ts';

const run = promisify(execFile);

describe('every snippet of the README runs as it stands', () => {
  let place: string;
  let service: RunningService;
  let source: RedisServer;
  let snippets: Map<string, string>;
  before(async () => {
    // The snippets expect `./redkeep` and `./data` in the working directory, and the default port.
    place = await makeDataDir();
    source = await startRedis();
    service = await startService(join(place, 'data'), { command: 'up' });
    await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'));
    await writeFile(join(place, 'redkeep'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/src/main.ts" "$@"\n`, { mode: 0o755 });
    await service.printed('Serving until');
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    snippets = new Map(
      [...readme.matchAll(/<!-- test: (\w+) -->\n```\w+\n([\s\S]*?)```/g)].map(([, name = '', code = '']) => [name, code]),
    );
  });
  after(async () => {
    await service.stop();
    await source.stop();
    await removeDataDir(place);
  });

  const snippet = (name: string) => {
    const code = snippets.get(name);
    assert.ok(code, `the README has a snippet marked ${name}`);
    return code.replaceAll('127.0.0.1:9530', `127.0.0.1:${service.port}`).replaceAll('127.0.0.1:6379', `127.0.0.1:${source.port}`);
  };
  const shell = (code: string, path = process.env['PATH'] ?? '') =>
    run('sh', ['-e', '-c', code], { cwd: place, env: { ...process.env, PATH: path } });

  it('Node SDK', async () => {
    await writeFile(join(place, 'snippet.mjs'), snippet('node'));
    const { stdout } = await run(process.execPath, ['snippet.mjs'], { cwd: place });
    assert.match(stdout, /^1 [0-9a-f-]{36} 2$/m);
  });

  it('curl', async (t) => {
    if (!(await isThere('curl')) || !(await isThere('openssl'))) {
      t.skip('no curl or openssl here');
      return;
    }
    const { stdout } = await shell(snippet('curl'));
    assert.equal(JSON.parse(stdout).Response.InstanceSet[0].InstanceName, 'demo');
  });

  it('command line', async () => {
    const { stdout } = await shell(snippet('shell'));
    assert.match(stdout, /^crs-\w{8}\n[0-9a-f-]{36} proven by redis .*\n\S+shop\.rdb\nevery day, 02:00-03:00, kept for 30 days\n$/);
    assert.ok((await readFile(join(place, 'shop.rdb'))).subarray(0, 5).equals(Buffer.from('REDIS')));
    const { stdout: seen } = await shell(snippet('look'));
    assert.match(seen, /shop +online/);
    assert.match(seen, /(converting|converted) .* before the migration$/m);
    assert.match(seen, /^TIME \(UTC\+8\) +KIND +INSTANCE +MESSAGE$/m);
    assert.match(seen, /^2 backups, \d+ stored bytes read, 0 inconsistencies$/m);
  });

  it('Python SDK', async (t) => {
    const bin = await installPythonClients();
    if (bin === undefined) {
      t.skip('no python3 with venv here');
      return;
    }
    const { stdout } = await run(join(bin, 'python'), ['-c', snippet('python')], { cwd: place });
    // Of the command line's instance, whose backup was downloaded.
    assert.match(stdout, /^1 [0-9a-f-]{36} [234]$/m);
  });

  it('tccli', async (t) => {
    const bin = await installPythonClients();
    if (bin === undefined) {
      t.skip('no python3 with venv here');
      return;
    }
    const { stdout } = await shell(snippet('tccli'), `${bin}${delimiter}${process.env['PATH']}`);
    const answer = JSON.parse(stdout);
    assert.equal(answer.TotalCount, 1);
    assert.ok([2, 3, 4].includes(answer.BackupSet[0].Status));
  });

  // Last, since the backup that it takes would be listed by the others.
  it('restore and clone', async () => {
    const { stdout: backups } = await shell('./redkeep backup list shop --json');
    const backup = (JSON.parse(backups) as { BackupSet: Array<{ BackupId: string }> }).BackupSet[0]?.BackupId;
    const { stdout } = await shell(`backup=${backup}\n${snippet('restore')}`);
    assert.match(stdout, /^there already +\d+$/m);
    assert.match(stdout, /keys restored to crs-\w{8}\nwhat it held before is backup [0-9a-f-]{36}\ncrs-\w{8}\nredis:\/\/:/);
  });
});

async function isThere(program: string): Promise<boolean> {
  return run('sh', ['-c', `command -v ${program}`]).then(
    () => true,
    () => false,
  );
}
