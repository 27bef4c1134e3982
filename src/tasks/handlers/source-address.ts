import type { Instance } from '../../catalog/catalog.ts';
import type { SourceAddress } from '../../redis/source-address.ts';

/** Secrets of an instance as its row keeps them, sealed. PEM texts. */
export interface SourceSecrets {
  readonly password?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Opens the sealed secrets of an instance; throws `sealed-data-damaged` where they are not what was sealed. */
export type OpenSecrets = (instance: Instance) => SourceSecrets;

/** Where and how the engine reaches an instance. */
export function toSourceAddress(instance: Instance, secrets: SourceSecrets): SourceAddress {
  const { password, ca, cert, key } = secrets;
  return {
    host: instance.host,
    port: instance.port,
    ...(instance.user === '' ? {} : { user: instance.user }),
    ...(password === undefined ? {} : { password }),
    ...(instance.tls
      ? { tls: { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) } }
      : {}),
  };
}
