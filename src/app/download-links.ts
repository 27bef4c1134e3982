import type { DownloadLinks } from '../api/download-links.ts';
import { DEFAULT_ROOTS } from '../api/regions.ts';
import type { VpcBlocks } from '../downloads/address-rule.ts';
import { createLinkPath, type LinkSigner } from '../downloads/link.ts';

/**
 * Links lead to the configured addresses; without one, to where the caller has reached the service, which only the caller's own Host header
 * says, and where that is no address of ours (the vendor's domain, or nothing that is a host) to the address that the service listens on.
 */
export function createDownloadLinks(options: {
  readonly signer: LinkSigner;
  readonly vpcs: VpcBlocks;
  readonly publicUrl: string | undefined;
  readonly innerUrl: string | undefined;
  /** Known when the service listens. */
  readonly endpoint: () => string;
}): DownloadLinks {
  const { signer, vpcs, publicUrl, innerUrl, endpoint } = options;
  return {
    issue(link, host) {
      const path = createLinkPath(signer, link);
      const base = publicUrl ?? toOrigin(host) ?? endpoint();
      return { url: base + path, innerUrl: (innerUrl ?? base) + path };
    },
    knowsVpc: (name) => vpcs.has(name),
  };
}

/** tccli sends a whole URL as its Host. */
function toOrigin(host: string): string | undefined {
  const [, scheme = 'http', name = '', port = ''] = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?\/?$/i.exec(host) ?? [];
  const isVendors = DEFAULT_ROOTS.some((root) => name.toLowerCase() === root || name.toLowerCase().endsWith(`.${root}`));
  return name === '' || isVendors ? undefined : `${scheme.toLowerCase()}://${name}${port}`;
}
