import { isIP } from 'node:net';
import type { DownloadRestriction } from '../catalog/download-restriction.ts';
import { parseIpRanges } from '../lib/ip-range.ts';

/** CIDR blocks of each VPC that the site's configuration names. */
export type VpcBlocks = ReadonlyMap<string, readonly string[]>;

/** Addresses that no public network routes: loopback, link-local, RFC 1918, RFC 6598, RFC 4193. */
const PRIVATE_BLOCKS = [
  ...['127.0.0.0/8', '169.254.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
  ...['::1', 'fe80::/10', 'fc00::/7'],
];

/**
 * Whether a restriction lets an address in. An address that is not known, or is none, is let in only where there is no restriction.
 *
 * everywhere: any. intranet: the private addresses and those of the site's VPCs. custom, addresses in: those of the listed VPCs and the
 * listed ones. custom, addresses not in: any but the listed ones, and where VPCs are listed too, only theirs. A VPC that the configuration
 * no longer names has no addresses.
 */
export function isAddressAllowed(restriction: DownloadRestriction, address: string | undefined, vpcs: VpcBlocks): boolean {
  if (restriction.limit === 'everywhere') {
    return true;
  }
  if (address === undefined || isIP(address) === 0) {
    return false;
  }
  if (restriction.limit === 'intranet') {
    return isIn(address, [...PRIVATE_BLOCKS, ...[...vpcs.values()].flat()]);
  }
  const names = restriction.vpcs.flatMap((item) => item.names);
  const isInVpc = isIn(
    address,
    names.flatMap((name) => vpcs.get(name) ?? []),
  );
  const isListed = isIn(address, restriction.ips);
  if (restriction.ipRule === 'not-in') {
    return !isListed && (names.length === 0 || isInVpc);
  }
  return isListed || isInVpc;
}

function isIn(address: string, blocks: readonly string[]): boolean {
  const ranges = parseIpRanges(blocks);
  if (ranges === undefined) {
    throw new Error(`not all of these are addresses or blocks: ${blocks.join(', ')}`);
  }
  return ranges.has(address);
}
