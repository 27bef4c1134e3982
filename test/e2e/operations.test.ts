import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { attach, backUp } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, ROOT, redkeep, removeDataDir, startService } from '../harness/service.ts';

const run = promisify(execFile);

describe('every command of docs/operations.md runs as it stands', () => {
  let place: string;
  let source: RedisServer;
  let page: string;
  before(async () => {
    place = await makeDataDir();
    source = await startRedis();
    await source.command('SET', 'a', '1');
    await writeFile(join(place, 'redkeep'), `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/src/main.ts" "$@"\n`, { mode: 0o755 });
    page = await readFile(join(ROOT, 'docs', 'operations.md'), 'utf8');
    await serveForOneBackup();
  });
  after(async () => {
    await source.stop();
    await removeDataDir(place);
  });

  async function serveForOneBackup(): Promise<void> {
    const service = await startService(join(place, 'data'));
    await backUp(service, await attach(service, source));
    await service.stop();
  }

  async function snippet(name: string): Promise<string> {
    const code = new RegExp(`<!-- test: ${name} -->\n\`\`\`sh\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
    assert.ok(code, `the page has a snippet marked ${name}`);
    return (await run('sh', ['-e', '-c', code], { cwd: place, env: { ...process.env, REDKEEP_LOG_LEVEL: 'silent' } })).stdout;
  }

  it('export, rotate and remove', async () => {
    assert.match(await snippet('export'), /^[0-9a-f]{16} +active +1 +1 +yes$/m);
    await snippet('rotate');
    await serveForOneBackup();
    const { stdout } = await redkeep(['master-key', 'list', '--json', '--data-dir', join(place, 'data')]);
    const old = JSON.parse(stdout).keys.find((key: { use: string }) => key.use === 'open-only').keyId;
    const removal = /^\.\/(redkeep master-key remove) [0-9a-f]{16}$/m.exec(page)?.[1] ?? '';
    const { status, stderr } = await redkeep([...removal.split(' ').slice(1), old, '--data-dir', join(place, 'data')]);
    assert.equal(status, 1);
    assert.match(stderr, /1 backups need master key/);
  });

  it('rebuild, and replace', async () => {
    await rm(join(place, 'data', 'catalog.db'));
    assert.match(await snippet('rebuild'), /^restored catalog snapshot \d+ .*[\s\S]*^2 backups, .* 0 inconsistencies$/m);
    assert.match(await snippet('replace'), /^the old catalog is kept at /m);
    assert.ok((await readdir(join(place, 'data'))).some((name) => name.startsWith('catalog.db.before-')));
  });

  it('migrate', async () => {
    assert.match(await snippet('migrate'), /nothing to do/);
  });

  it('moving a site', async () => {
    await rm(join(place, 'recovery.txt'));
    await run(join(place, 'redkeep'), ['master-key', 'export', 'recovery.txt'], { cwd: place });
    assert.match(await snippet('move'), /^2 backups, .* 0 inconsistencies$/m);
    const service = await startService(join(place, 'new'), { args: ['--storage', `file://${place}/data/repository`] });
    await backUp(service, await attach(service, source));
    await service.stop();
  });

  it('names the messages that the program has', async () => {
    const entries = await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && /(keyring|key-history).*(?<!test)\.ts$/.test(entry.name));
    const text = (await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), 'utf8')))).join('\n');
    const rows = [...page.matchAll(/^\| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm)].map(([, first = '']) => first);
    const start = rows.indexOf('a start or a command says');
    const messages = rows.slice(start + 1).filter((row) => !/^-/.test(row));
    assert.equal(start >= 0 && messages.length >= 6, true);
    for (const message of messages.slice(0, 6)) {
      for (const part of message.split(/…,?:?/).map((piece) => piece.trim())) {
        assert.ok(text.includes(part.replace(/ 0644.*/, '')), part);
      }
    }
  });
});
