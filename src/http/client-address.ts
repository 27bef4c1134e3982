import { isIP } from 'node:net';
import type { IpRanges } from '../lib/ip-range.ts';

/**
 * Who sent a request: the address of the connection, unless that is a trusted proxy. Then X-Forwarded-For is read from its right end, where
 * each proxy has added whom it saw, and the first address that is no trusted proxy is the client; where all are, the leftmost. What stands
 * left of it anybody can make up. Undefined where a trusted proxy has added something that is no address.
 */
export function clientAddress(connection: string | undefined, forwarded: string | undefined, trusted: IpRanges): string | undefined {
  if (connection === undefined || forwarded === undefined || !trusted.has(connection)) {
    return connection;
  }
  let client: string = connection;
  for (const entry of forwarded.split(',').reverse()) {
    const address = readAddress(entry.trim());
    if (address === undefined) {
      return undefined;
    }
    client = address;
    if (!trusted.has(address)) {
      break;
    }
  }
  return client;
}

/** An address with or without a port: some proxies add one. */
function readAddress(text: string): string | undefined {
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1] ?? text;
  return isIP(bare) === 0 ? undefined : bare;
}
