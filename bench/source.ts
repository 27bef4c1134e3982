import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillMixed } from './dataset.ts';

/** A redis-server on a free port, filled with about so many megabytes, with a diskless delay of 0. */
export async function startSource(place: string, megabytes: number): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort();
  const options = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    place,
    '--repl-diskless-sync-delay',
    '0',
    '--logfile',
    join(place, 'source.log'),
  ];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  await sleep(500);
  await fillMixed(port, megabytes);
  return {
    port,
    async stop() {
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
