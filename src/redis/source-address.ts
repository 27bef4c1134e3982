/** Where and how a source is reached. A plain message: it is posted to worker threads. */
export interface SourceAddress {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  /** PEM texts; present means TLS. `ca` absent: the system's roots. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string };
}

/** `host:port` for messages, with brackets round an IPv6 address. */
export function formatAddress(address: SourceAddress): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
