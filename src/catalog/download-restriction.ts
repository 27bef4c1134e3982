/** From where an account's backups of a region may be downloaded. */
export interface DownloadRestriction {
  /** everywhere. intranet: only from private addresses and the site's VPCs. custom: by the two lists. */
  readonly limit: 'everywhere' | 'intranet' | 'custom';
  /** Whether the addresses of `ips` alone are let in, or all but they; null where the caller did not say, which means in. */
  readonly ipRule: 'in' | 'not-in' | null;
  /** Whether the caller said `In` of the VPCs, the only rule that there is. */
  readonly saysVpcIn: boolean;
  /** Names of VPCs by region. */
  readonly vpcs: ReadonlyArray<{ readonly region: string; readonly names: readonly string[] }>;
  /** Addresses and CIDR blocks of both families. */
  readonly ips: readonly string[];
}

export const NO_RESTRICTION: DownloadRestriction = { limit: 'everywhere', ipRule: null, saysVpcIn: false, vpcs: [], ips: [] };

export interface DownloadRestrictionStore {
  /** `NO_RESTRICTION` until one was set. */
  get(accountId: string, region: string): Promise<DownloadRestriction>;
  set(accountId: string, region: string, restriction: DownloadRestriction, at: number): Promise<void>;
}
