import type { Instance, InstanceSecrets } from '../../catalog/catalog.ts';
import type { SourceAddress } from '../../redis/source-address.ts';

/** Opens the sealed secrets of an instance; throws `sealed-data-damaged` where they are not what was sealed. */
export type OpenSecrets = (instance: Instance) => InstanceSecrets;

/** Where and how the engine reaches an instance. */
export function toSourceAddress(instance: Instance, secrets: InstanceSecrets): SourceAddress {
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
