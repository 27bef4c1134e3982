import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DomainError } from '../lib/errors.ts';

/** The loopback addresses that this machine really has; IPv6 may be switched off. */
export function loopbackAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
  return ['127.0.0.1', '::1'].filter((address) => address === '127.0.0.1' || addresses.includes(address));
}

/**
 * Below every system's range of ephemeral ports (Linux from 32768, the others from 49152), so that no outgoing connection sits on the port
 * of a server that starts again.
 */
const [LOWEST_PORT, HIGHEST_PORT] = [20_000, 29_999];
const TRIES = 100;

/** A port that is free on every loopback address. Somebody may take it before it is used: the caller must be ready to pick again. */
export async function pickFreePort(): Promise<number> {
  for (let i = 0; i < TRIES; i++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    if (await isPortFree(port)) {
      return port;
    }
  }
  throw new DomainError('no-free-port', `none of ${TRIES} random ports from ${LOWEST_PORT} to ${HIGHEST_PORT} is free`, {
    retryable: true,
  });
}

export async function isPortFree(port: number): Promise<boolean> {
  for (const address of loopbackAddresses()) {
    if (!(await canListen(port, address))) {
      return false;
    }
  }
  return true;
}

/** Listens for a moment; false where the port cannot be had. */
function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
