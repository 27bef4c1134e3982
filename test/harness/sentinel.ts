import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import { findFreePort } from './free-port.ts';
import type { RedisServer } from './redis-server.ts';
import { eventually } from './temp-supervisor.ts';

/** A real Sentinel that watches the server; resolves when it does. */
export async function startSentinel(source: RedisServer): Promise<AsyncDisposable & { address: SourceAddress }> {
  const dir = await mkdtemp(join(tmpdir(), 'redkeep-sentinel-'));
  const file = join(dir, 'sentinel.conf');
  const port = await findFreePort();
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${dir}`,
    `sentinel monitor source ${source.host} ${source.port} 1`,
    'sentinel down-after-milliseconds source 300',
    'sentinel failover-timeout source 3000',
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  const ended = once(sentinel, 'exit');
  await eventually('the Sentinel watches', async () => {
    const [, watching] = (await source.command('PUBSUB', 'NUMSUB', '__sentinel__:hello')) as [string, number];
    return Number(watching) === 1;
  });
  return {
    address: { host: '127.0.0.1', port },
    async [Symbol.asyncDispose]() {
      sentinel.kill('SIGKILL');
      await ended;
      await rm(dir, { recursive: true });
    },
  };
}
