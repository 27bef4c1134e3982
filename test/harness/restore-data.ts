import { randomBytes } from 'node:crypto';
import { loadDemoDataset } from '../../src/managed/demo-dataset.ts';
import type { RedisServer } from './redis-server.ts';

/**
 * Fills a server with keys of every type and encoding in databases 0, 1 and 15, with expiries and functions; `DEBUG DIGEST` and `PEXPIRETIME`
 * tell copies apart.
 */
export async function fillEveryType(server: RedisServer, password = ''): Promise<void> {
  await loadDemoDataset({ host: server.host, port: server.port, password });
  await server.command('SELECT', '15');
  await server.command('SET', Buffer.from([0, 255, 13, 10, 42]), randomBytes(300));
  await server.command('SET', 'compressible', 'a'.repeat(10_000), 'PX', String(86_400_000));
  await server.command('SET', '12345', '-7');
  await server.command('SELECT', '0');
}

/** For servers whose content is compared by `readContent`. */
export const COMPARABLE = { config: ['enable-debug-command yes', 'save ""'] } as const;
