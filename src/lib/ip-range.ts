import { BlockList, isIP } from 'node:net';

/** The IPv4 addresses as IPv6 shows them (RFC 4291 section 2.5.5.2). */
const MAPPED_PREFIX = 96;
const mapped = new BlockList();
mapped.addSubnet('::ffff:0:0', MAPPED_PREFIX, 'ipv6');

/** Addresses of both families. An IPv4 address and its mapped form are the same one; a range of IPv6 holds no other IPv4 address. */
export interface IpRanges {
  /** False for what is no address. */
  has(address: string): boolean;
}

/** Undefined where one of `texts` is neither an address nor `address/prefix`. */
export function parseIpRanges(texts: readonly string[]): IpRanges | undefined {
  const v4 = new BlockList();
  const v6 = new BlockList();
  for (const text of texts) {
    const [address = '', prefixText, extra] = text.split('/');
    const version = isIP(address);
    const widest = version === 4 ? 32 : 128;
    const prefix = prefixText === undefined ? widest : readPrefix(prefixText);
    if (version === 0 || address.includes('%') || extra !== undefined || prefix > widest) {
      return undefined;
    }
    const family = version === 4 ? 'ipv4' : 'ipv6';
    const isV4 = version === 4 || (prefix >= MAPPED_PREFIX && mapped.check(address, 'ipv6'));
    (isV4 ? v4 : v6).addSubnet(address, prefix, family);
  }
  return {
    has(address) {
      const version = isIP(address);
      if (version === 4) {
        return v4.check(address, 'ipv4');
      }
      return version === 6 && (mapped.check(address, 'ipv6') ? v4 : v6).check(address, 'ipv6');
    },
  };
}

function readPrefix(text: string): number {
  return /^(0|[1-9]\d{0,2})$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}
