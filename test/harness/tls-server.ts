import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceAddress } from '../../src/redis/source-address.ts';
import { findFreePort } from './free-port.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.ts';
import { ROOT } from './service.ts';

/** Made by test/fixtures/tls/make-certificates.sh, which tells what each is. */
export function tlsFile(name: string): string {
  return join(ROOT, 'test/fixtures/tls', name);
}

export function readTlsFile(name: string): string {
  return readFileSync(tlsFile(name), 'utf8');
}

export interface TlsServer extends RedisServer {
  readonly tlsPort: number;
}

/** A real server that speaks TLS on a port of its own, beside the plain one of `command`. */
export async function startTlsRedis(
  options: RedisServerOptions & { certificate?: string; clients?: 'yes' | 'no' } = {},
): Promise<TlsServer> {
  const { certificate = 'server.pem', clients = 'no', ...others } = options;
  const tlsPort = await findFreePort();
  const server = await startRedis({
    ...others,
    config: [
      `tls-port ${tlsPort}`,
      `tls-cert-file ${tlsFile(certificate)}`,
      `tls-key-file ${tlsFile('server.key')}`,
      `tls-ca-cert-file ${tlsFile('ca.pem')}`,
      `tls-auth-clients ${clients}`,
      ...(others.config ?? []),
    ],
  });
  return Object.assign(server, { tlsPort });
}

/** How to reach such a server; each option names a file. */
export function toTlsAddress({ tlsPort }: TlsServer, files: { ca?: string; cert?: string; key?: string } = {}): SourceAddress {
  const tls = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, readTlsFile(file)]));
  return { host: '127.0.0.1', port: tlsPort, tls };
}
