import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

/**
 * The addresses from which a server that is reached as `host` may connect back. One that runs on this machine may use any address of it.
 * Empty where the name does not resolve.
 */
export async function resolveAddresses(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  const addresses = found.map(({ address }) => address);
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return addresses.some((address) => own.includes(address)) ? [...new Set([...addresses, ...own])] : addresses;
}
