import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { attach, backUp, endOfTask, listBackups } from '../harness/backups.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { isRequired } from '../harness/required.ts';
import { COMPARABLE } from '../harness/restore-data.ts';
import { makeDataDir, ROOT, type RunningService, redkeep, removeDataDir, startService } from '../harness/service.ts';
import { hasTerminals, onTerminal } from '../harness/terminal.ts';

const terminals = await hasTerminals();
const onlyOnTerminals = { skip: terminals || isRequired('terminal') ? false : 'no script(1) here' };

describe('the command line and what it is read by', () => {
  let dataDir: string;
  let source: RedisServer;
  let service: RunningService;
  let instanceId: string;
  let backupId: string;
  before(async () => {
    dataDir = await makeDataDir();
    source = await startRedis(COMPARABLE);
    await source.command('DEBUG', 'POPULATE', '20000', 'key', '500');
    service = await startService(dataDir);
    instanceId = await attach(service, source);
    backupId = (await backUp(service, instanceId)).BackupId;
  });
  after(async () => {
    await service?.stop();
    await source?.stop();
    await removeDataDir(dataDir);
  });

  const download = () => [
    'backup',
    'download',
    instanceId,
    backupId,
    '--output',
    join(dataDir, 'out.rdb'),
    '--force',
    '--data-dir',
    dataDir,
  ];

  it('a terminal sees a bar with bytes, rate and time, wiped at the end, and no colour', onlyOnTerminals, async () => {
    const terminal = onTerminal(download());
    assert.equal(await terminal.ended(), 0, terminal.shown());
    const frames = terminal.shown().split('\r\u001b[K');
    assert.ok(frames.length >= 3, terminal.shown());
    assert.match(frames.at(-2) ?? '', /^download \[={24}\] 100 % {2}\d+\.\d [KM]iB of \d+\.\d [KM]iB/);
    assert.equal(frames.at(-1), `${join(dataDir, 'out.rdb')}\r\n`);
    assert.ok(!frames.join('').includes('\u001b'), terminal.shown());
  });

  it('a bar is drawn on standard error alone, and only where that is a terminal', onlyOnTerminals, async () => {
    const errors = join(dataDir, 'errors.txt');
    const quiet = onTerminal(download(), `2> '${errors}'`);
    assert.deepEqual([await quiet.ended(), quiet.shown(), await readFile(errors, 'utf8')], [0, `${join(dataDir, 'out.rdb')}\r\n`, '']);
    const result = join(dataDir, 'result.txt');
    const captured = onTerminal(download(), `> '${result}'`);
    assert.deepEqual([await captured.ended(), await readFile(result, 'utf8')], [0, `${join(dataDir, 'out.rdb')}\n`]);
    assert.match(captured.shown(), /\] 100 %/);
  });

  it('off a terminal nothing but the result is printed', async () => {
    assert.deepEqual(await redkeep(download()), { status: 0, stdout: `${join(dataDir, 'out.rdb')}\n`, stderr: '' });
  });

  it('Ctrl-C leaves the task alone, says so and how to see it', onlyOnTerminals, async () => {
    const { stdout } = await redkeep(['backup', 'list', instanceId, '--json', '--data-dir', dataDir]);
    const before = (JSON.parse(stdout) as { TotalCount: number }).TotalCount;
    // A source waits for further replicas before it forks, so that the backup is not done before the key is pressed.
    await source.command('CONFIG', 'SET', 'repl-diskless-sync-delay', '5');
    const terminal = onTerminal(['backup', 'create', instanceId, '--data-dir', dataDir]);
    await terminal.until(/backup: running/);
    terminal.press('\u0003');
    assert.equal(await terminal.ended(), 130, terminal.shown());
    const [, task = ''] =
      /redkeep: no longer waiting; the backup goes on as task (\d+); see it with `redkeep call DescribeTaskInfo --TaskId \1`\r\n$/.exec(
        terminal.shown(),
      ) ?? [];
    assert.equal((await endOfTask(service, Number(task))).Status, 'succeed', terminal.shown());
    assert.equal((await listBackups(service, instanceId)).length, before + 1);
  });

  it('asked before data are overwritten, anything but yes changes nothing', onlyOnTerminals, async () => {
    for (const [keys, status] of [
      ['n\r', 1],
      ['\r', 1],
      ['\u0004', 1],
      ['\u0003', 130],
    ] as const) {
      const terminal = onTerminal(['backup', 'restore', backupId, '--to', instanceId, '--data-dir', dataDir]);
      await terminal.until(/All data of .* Go on\? \[y\/N\]/);
      terminal.press(keys);
      assert.equal(await terminal.ended(), status, terminal.shown());
      assert.match(terminal.shown(), /redkeep: nothing was changed\r\n$/);
    }
  });

  it('a reader that goes away early is no failure; a full disk is', async () => {
    const shell = async (tail: string) => {
      const command = [process.execPath, join(ROOT, 'src/main.ts'), 'backup', 'list', instanceId, '--data-dir', dataDir].join(' ');
      const child = spawn('bash', ['-c', `set -o pipefail; ${command} ${tail}`], { stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (data: Buffer) => {
        stderr += data.toString();
      });
      const [status] = (await once(child, 'close')) as [number];
      return { status, stderr };
    };
    // A process that never reads, so that its end of the pipe is closed before anything is written.
    assert.deepEqual(await shell('| true'), { status: 0, stderr: '' });
    assert.deepEqual(await shell('| head -n 1'), { status: 0, stderr: '' });
    const full = await shell('> /dev/full');
    assert.equal(full.status, 1);
    assert.match(full.stderr, /^redkeep: the output could not be written: ENOSPC/);
  });
});
