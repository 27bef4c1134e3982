import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createProgram } from '../../src/cli/cli.ts';
import { EXAMPLE_BACKUP, EXAMPLE_KEY, EXAMPLE_MASTER_KEY, EXAMPLES, leafCommands } from '../../src/cli/examples.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { makeDataDir, ROOT, type RunningService, removeDataDir, startService } from '../harness/service.ts';
import { JSON_CONTRACTS } from './json-contract.ts';
import { findFault, type Shape } from './json-shape.ts';

const silent = { env: {}, interactive: false, out() {}, err() {} };
/** Commands of a site that no server may use at the same time; the others before. */
const OFFLINE = new Set(['master-key import', 'master-key rotate', 'master-key remove', 'migrate', 'catalog rebuild']);

test('every command has an example and a contract, and there is none of a command that is not', () => {
  const commands = leafCommands(createProgram(silent, async () => {})).map(([path]) => path);
  assert.deepEqual(Object.keys(EXAMPLES).sort(), [...commands].sort());
  assert.deepEqual(Object.keys(JSON_CONTRACTS).sort(), [...commands].sort());
});

describe('each example with --json prints one document of the documented shape, and nothing else', () => {
  let place: string;
  let source: RedisServer;
  let service: RunningService | undefined;
  /** What the words of the examples stand for here. */
  const words = new Map<string, string>();
  before(async () => {
    place = await makeDataDir();
    source = await startRedis();
    await source.command('SET', 'key', 'value');
    await writeFile(join(place, 'password.txt'), 'Correct-Horse-7\n');
    await writeFile(
      join(place, 'policy.json'),
      JSON.stringify({ version: '2.0', statement: { effect: 'allow', action: 'redis:Describe*', resource: '*' } }),
    );
    words.set('redis://127.0.0.1:6379', `redis://127.0.0.1:${source.port}`);
  });
  after(async () => {
    await service?.stop();
    await source.stop();
    await removeDataDir(place);
  });

  async function redkeep(args: readonly string[]) {
    const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), ...args], { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    const [status] = (await once(child, 'close')) as [number | null];
    return { status, stdout, stderr };
  }

  /** The document that a command line printed. */
  async function json(line: string, shape: Shape, more: readonly string[] = []): Promise<Record<string, unknown>> {
    const args = (line.match(/'[^']*'|\S+/g) ?? []).map((word) => words.get(word) ?? word.replaceAll("'", ''));
    const { status, stdout, stderr } = await redkeep([...args, ...more, '--json']);
    assert.deepEqual([status, stderr], [0, ''], `${args.join(' ')}\n${stdout}`);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(findFault(document, shape), undefined, line);
    return document;
  }

  /** A list that is empty in an example says nothing of its rows. */
  async function checkFindings(): Promise<void> {
    const stray = join(place, 'data/repository/stray');
    await writeFile(stray, 'bytes that nobody knows');
    const { status, stdout } = await redkeep(['check', '--json']);
    await rm(stray);
    const report = JSON.parse(stdout) as { findings: unknown[] };
    assert.deepEqual(
      [status, report.findings.length > 0, findFault(report, JSON_CONTRACTS['check']?.shape ?? 'null')],
      [7, true, undefined],
    );
  }

  /** Starts a service, takes the one document that it prints, and leaves it running. */
  async function serve(command: 'serve' | 'up'): Promise<{ document: unknown; stop(): Promise<void> }> {
    const child = spawn(process.execPath, [join(ROOT, 'src/main.ts'), command, '--port', '0', '--json'], {
      cwd: place,
      env: { ...process.env, REDKEEP_PROOF: 'none', REDKEEP_LOG_LEVEL: 'silent' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let stdout = '';
    for await (const data of child.stdout as AsyncIterable<Buffer>) {
      stdout += data.toString();
      if (stdout.endsWith('}\n')) {
        break;
      }
    }
    return {
      document: JSON.parse(stdout),
      async stop() {
        child.kill('SIGTERM');
        await closed;
      },
    };
  }

  /** What later examples need to know. */
  async function learn(path: string, document: Record<string, unknown>): Promise<void> {
    if (path === 'backup create') {
      words.set(EXAMPLE_BACKUP, String(document['BackupId']));
    } else if (path === 'key create') {
      words.set(EXAMPLE_KEY, String((document['AccessKey'] as { AccessKeyId: string }).AccessKeyId));
    } else if (path === 'instance create') {
      await writeFile(join(place, 'password.txt'), `${document['Password']}\n`);
    } else if (path === 'master-key export') {
      words.set(EXAMPLE_MASTER_KEY, (document['keyIds'] as string[])[0] ?? '');
    }
  }

  for (const path of ['up', 'serve'] as const) {
    test(path, async () => {
      const served = await serve(path);
      assert.equal(findFault(served.document, JSON_CONTRACTS[path]?.shape ?? 'null'), undefined);
      if (path === 'up') {
        // Served already: it says where.
        assert.deepEqual(await json('up', JSON_CONTRACTS['up']?.shape ?? 'null'), {
          Endpoint: (served.document as { Endpoint: string }).Endpoint,
        });
      }
      await served.stop();
    });
  }

  test('a service for the others', async () => {
    service = await startService(join(place, 'data'));
  });

  for (const [path, line] of Object.entries(EXAMPLES).filter(([path]) => path !== 'up' && path !== 'serve')) {
    test(path, async () => {
      if (OFFLINE.has(path)) {
        await service?.stop();
        service = undefined;
      }
      if (path === 'catalog rebuild') {
        // Without the key that the example before has removed, it would find backups that nobody can read.
        await json(EXAMPLES['master-key import'] ?? '', 'any');
      }
      if (path === 'instance clean-up') {
        await json(EXAMPLES['instance destroy'] ?? '', 'any');
      }
      const contract = JSON_CONTRACTS[path];
      assert.ok(contract !== undefined);
      await learn(path, await json(line, contract.shape));
      if (path === 'backup create') {
        const document = await json('backup create shop', contract.noWait ?? 'null', ['--no-wait']);
        await json(`call DescribeTaskInfo --TaskId ${document['TaskId']}`, 'any');
      }
      if (path === 'check') {
        await checkFindings();
      }
      if (path === 'backup verify') {
        await json('backup verify shop --all', contract.noWait ?? 'null', ['--no-wait']);
      }
    });
  }
});
