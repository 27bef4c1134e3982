/** The products that are served, each with its one version. Actions are told apart by version and name, never by host. */
export const PRODUCT_VERSIONS = {
  redis: '2018-04-12',
  redkeep: '2026-11-24',
  cam: '2019-01-16',
  sts: '2018-08-13',
  region: '2022-06-27',
  tag: '2018-08-13',
} as const;

export type Product = keyof typeof PRODUCT_VERSIONS;
