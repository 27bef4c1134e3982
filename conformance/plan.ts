import { CLIENTS, type Client } from './clients.ts';

/**
 * Where the service listens: `plain` on any free port of loopback; `namespace` on port 80 in a network namespace of its own, where a name
 * resolves to it as well.
 */
export type SiteName = 'plain' | 'namespace';

export const HOST_NAME = 'redis.redkeep.test';
/** `PORT` stands for the port that the service got. */
export const ADDRESSES = ['127.0.0.1:PORT', 'localhost:PORT', '127.0.0.1', 'localhost', HOST_NAME] as const;
export type Address = (typeof ADDRESSES)[number];

export function siteOf(address: string): SiteName {
  return address.endsWith(':PORT') ? 'plain' : 'namespace';
}

/** One client in one form at one address. */
export interface Row {
  readonly name: string;
  readonly client: Client;
  readonly form: Client['forms'][number];
  readonly address: Address;
  readonly length: 'whole' | 'short';
  readonly withBurst: boolean;
  readonly withLife: boolean;
}

/** Everything that is tried, in order. The form decides what is signed and sent, so the whole scenario runs once for each. */
export const ROWS: readonly Row[] = ADDRESSES.flatMap((address) =>
  CLIENTS.flatMap((client) =>
    client.forms.map((form) => ({
      name: `${client.name}: ${form.name} at ${address}`,
      client,
      form,
      address,
      length: address === ADDRESSES[0] ? ('whole' as const) : ('short' as const),
      withBurst: address === ADDRESSES[0] && form === client.forms[0],
      // What is signed and sent was tried by then: once for each client, in its first form.
      withLife: address === ADDRESSES[0] && form === client.forms[0],
    })),
  ),
);

/** The calls of Terraform's data source and of its resources, with the endpoint given as it is and as a root domain. */
export const TERRAFORM_ROWS: ReadonlyArray<{ readonly name: string; readonly site: SiteName; readonly listing: string }> = [
  { name: 'Terraform order: all backups of the region', site: 'plain', listing: 'all' },
  { name: 'Terraform order: backups of one instance', site: 'plain', listing: 'instance' },
  { name: 'Terraform order: all backups of the region, by root domain', site: 'namespace', listing: 'all' },
  { name: 'Terraform order: resources, from their creation to their removal', site: 'plain', listing: 'resources' },
];

export interface Result {
  /** Name of the row. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly detail: string;
}
