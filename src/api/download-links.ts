import type { DownloadRestriction } from '../catalog/download-restriction.ts';

/** What a link is to let its bearer fetch. */
export interface NewLink {
  readonly backupId: string;
  readonly attempt: number;
  readonly shard: number;
  readonly fileName: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  readonly restriction: DownloadRestriction;
  /** Who asks for it. */
  readonly uin: string;
}

/** Makes links that the service answers beside the API. */
export interface DownloadLinks {
  /** Whole URLs of a link: the public one, and that of the site's own network. `host` is the Host header of who asks. */
  issue(link: NewLink, host: string): { readonly url: string; readonly innerUrl: string };
  /** Whether the site's configuration says which addresses a VPC has. */
  knowsVpc(name: string): boolean;
}
